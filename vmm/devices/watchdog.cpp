#include "vmm/devices/watchdog.hpp"

#include <algorithm>
#include <cstring>

#include <sys/timerfd.h>
#include <unistd.h>

namespace immure::vmm {

Result<std::unique_ptr<Watchdog>> Watchdog::create(Ending& ending, policy::VmmExit expiry) {
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return system_error("timer of the watchdog");
  return std::unique_ptr<Watchdog>(new Watchdog(ending, expiry, std::move(timer)));
}

void Watchdog::read(std::uint64_t offset, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0});
  const std::scoped_lock lock(mutex_);
  if (offset == control_offset) data[0] = std::byte{is_running_};
  if (data.size() != sizeof(std::uint16_t)) return;
  if (offset == timeout_offset) std::memcpy(data.data(), &timeout_, sizeof(timeout_));
  if (offset == remaining_offset) std::memcpy(data.data(), &remaining_, sizeof(remaining_));
}

void Watchdog::write(std::uint64_t offset, std::span<const std::byte> data) {
  const std::scoped_lock lock(mutex_);
  if (offset == timeout_offset && data.size() == sizeof(timeout_)) {
    std::memcpy(&timeout_, data.data(), sizeof(timeout_));
    timeout_ = std::max<std::uint16_t>(timeout_, 1);
  } else if (offset == control_offset) {
    set_running((std::to_integer<unsigned>(data[0]) & 1) != 0);
  } else if (offset != kick_offset) {
    return;
  }
  remaining_ = timeout_;
}

void Watchdog::set_running(bool runs) {
  if (is_running_ == runs) return;
  is_running_ = runs;
  itimerspec timer{};
  timer.it_interval.tv_sec = timer.it_value.tv_sec = runs ? 1 : 0;
  (void)::timerfd_settime(timer_.get(), 0, &timer, nullptr);
}

/// However many seconds passed since the last time, the VMM ran in one of them.
void Watchdog::tick() {
  std::uint64_t seconds = 0;
  if (::read(timer_.get(), &seconds, sizeof(seconds)) != sizeof(seconds)) return;
  const std::scoped_lock lock(mutex_);
  if (!is_running_ || --remaining_ != 0) return;
  set_running(false);
  remaining_ = timeout_;
  ending_.request(
      expiry_, "the watchdog expired: the guest did not kick it for " + std::to_string(timeout_) + " seconds",
      policy::EndCause::watchdog);
}

}  // namespace immure::vmm
