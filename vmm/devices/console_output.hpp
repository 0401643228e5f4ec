#pragma once

#include <atomic>
#include <cstdint>
#include <span>

namespace immure::vmm {

/// The sending half of the stream socket to the monitor, for the serial port. Never waits: what the peer does
/// not take at once is dropped and counted, so a monitor that stands still cannot stop the guest.
class ConsoleOutput {
 public:
  /// `stream_fd` is non-blocking, and SIGPIPE ignored.
  explicit ConsoleOutput(int stream_fd) : fd_(stream_fd) {}

  void send(std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  int fd_;
  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace immure::vmm
