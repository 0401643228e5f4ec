#pragma once

#include <functional>

#include "policy/control_message.hpp"
#include "policy/statistics_message.hpp"
#include "vmm/devices/power.hpp"
#include "vmm/rate_limited_log.hpp"
#include "vmm/virtio/balloon.hpp"

namespace immure::vmm {

/// Serves the monitor's requests, one per datagram (policy::ControlMessage). The monitor is not trusted:
/// anything malformed is dropped and counted.
class ControlChannel {
 public:
  /// Changes the limit of the device of this name; false where there is none. The limit was checked.
  using ChangeLimit = std::function<bool(std::string_view device, const policy::RateLimit& limit)>;

  /// What the machine counted until now.
  using Statistics = std::function<policy::StatisticsMessage()>;

  /// `power` and `balloon` outlive the channel; `balloon` may be null. `socket_fd` is non-blocking.
  ControlChannel(int socket_fd, Power& power, virtio::Balloon* balloon, ChangeLimit change_limit,
                 Statistics statistics)
      : fd_(socket_fd),
        power_(power),
        balloon_(balloon),
        change_limit_(std::move(change_limit)),
        statistics_(std::move(statistics)) {}

  enum class State { open, closed };
  /// Serves what is there now. Closed: the monitor is gone, and the fd will stay readable.
  State serve();
  /// Tells the monitor, unasked, that this VMM begins or ends. A monitor that does not read misses it.
  void tell(policy::ControlKind kind, std::uint64_t value = 0);

 private:
  void answer(policy::ControlMessage& message);
  void send(std::span<const std::byte> message);
  std::int32_t carry_out(const policy::ControlMessage& message);
  std::int32_t change_limit(const policy::LimitChange& change);

  int fd_;
  Power& power_;
  virtio::Balloon* balloon_;
  ChangeLimit change_limit_;
  Statistics statistics_;
  RateLimitedLog log_{"control"};
};

}  // namespace immure::vmm
