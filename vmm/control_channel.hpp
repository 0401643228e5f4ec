#pragma once

#include "policy/control_message.hpp"
#include "vmm/devices/power.hpp"
#include "vmm/rate_limited_log.hpp"
#include "vmm/virtio/balloon.hpp"

namespace immure::vmm {

/// Serves the monitor's requests, one per datagram (policy::ControlMessage). The monitor is not trusted:
/// anything malformed is dropped and counted.
class ControlChannel {
 public:
  /// `power` and `balloon` outlive the channel; `balloon` may be null. `socket_fd` is non-blocking.
  ControlChannel(int socket_fd, Power& power, virtio::Balloon* balloon)
      : fd_(socket_fd), power_(power), balloon_(balloon) {}

  enum class State { open, closed };
  /// Serves what is there now. Closed: the monitor is gone, and the fd will stay readable.
  State serve();

 private:
  std::int32_t carry_out(const policy::ControlMessage& message);

  int fd_;
  Power& power_;
  virtio::Balloon* balloon_;
  RateLimitedLog log_{"control"};
};

}  // namespace immure::vmm
