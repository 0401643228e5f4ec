#include "vmm/virtio/rate_limiter.hpp"

#include <algorithm>

#include <sys/timerfd.h>

namespace immure::vmm::virtio {

Result<void> RateLimiter::open() {
  timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_) return system_error("timer of a rate limit");
  return {};
}

bool RateLimiter::may_start(Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  const auto wait = std::max(bytes_.wait(now), operations_.wait(now));
  if (wait == Clock::duration::zero()) return true;
  wake_in(wait);
  return false;
}

void RateLimiter::charge(std::uint64_t bytes, Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  bytes_.take(bytes, now);
  operations_.take(1, now);
}

void RateLimiter::change(const policy::RateLimit& limit) {
  const std::scoped_lock lock(mutex_);
  const auto now = Clock::now();
  bytes_.set(limit.bytes_per_second, limit.bytes_burst, now);
  operations_.set(limit.operations_per_second, limit.operations_burst, now);
  is_limited_ = bytes_.is_limited() || operations_.is_limited();
  wake_in(Clock::duration::zero());
}

/// A device that is told to wait asks once per notification of the driver: setting the timer anew is cheaper
/// than remembering for when it is set.
void RateLimiter::wake_in(Clock::duration time) {
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  constexpr std::int64_t second = 1'000'000'000;
  itimerspec timer{};
  timer.it_value.tv_sec = nanoseconds / second;
  timer.it_value.tv_nsec = std::max<std::int64_t>(nanoseconds % second, 1);  // 0 would switch it off
  (void)::timerfd_settime(timer_.get(), 0, &timer, nullptr);
}

}  // namespace immure::vmm::virtio
