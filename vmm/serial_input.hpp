#pragma once

#include "vmm/devices/serial.hpp"

namespace immure::vmm {

/// Moves what is typed at the console into the serial port, as far as the port has room; the rest waits in
/// the socket, where it is bounded by the kernel.
class SerialInput {
 public:
  /// `serial` outlives the object; `stream_fd` is non-blocking.
  SerialInput(int stream_fd, Serial& serial) : fd_(stream_fd), serial_(serial) {}

  /// When the socket became readable (edge-triggered) or the port has room again.
  void serve();

 private:
  int fd_;
  Serial& serial_;
};

}  // namespace immure::vmm
