#pragma once

#include "vmm/devices/power.hpp"
#include "vmm/rate_limited_log.hpp"

namespace immure::vmm {

/// Serves the monitor's requests, one per datagram (policy::ControlMessage). The monitor is not trusted:
/// anything malformed is dropped and counted.
class ControlChannel {
 public:
  /// `power` outlives the channel. `socket_fd` is non-blocking.
  ControlChannel(int socket_fd, Power& power) : fd_(socket_fd), power_(power) {}

  enum class State { open, closed };
  /// Serves what is there now. Closed: the monitor is gone, and the fd will stay readable.
  State serve();

 private:
  int fd_;
  Power& power_;
  RateLimitedLog log_{"control"};
};

}  // namespace immure::vmm
