#include "vmm/virtio/token_bucket.hpp"

#include <algorithm>

namespace immure::vmm::virtio {

namespace {

/// However large a request and slow a rate, what comes after it does not wait longer.
constexpr std::chrono::nanoseconds longest_debt = std::chrono::hours(1);

}  // namespace

void TokenBucket::set(std::uint64_t per_second, std::uint64_t burst, Clock::time_point now) {
  per_second_ = per_second;
  burst_ = burst != 0 ? burst : per_second;
  empty_at_ = now - time_for(burst_);
}

/// Rounded up, so that many small ones are no loophole.
TokenBucket::Clock::duration TokenBucket::time_for(std::uint64_t tokens) const {
  if (per_second_ == 0) return {};
  const auto seconds = tokens / per_second_;
  const auto rest = static_cast<double>(tokens % per_second_) / static_cast<double>(per_second_);
  const auto most = static_cast<std::uint64_t>(longest_debt / std::chrono::seconds(1));
  if (seconds >= most) return longest_debt;
  return std::chrono::seconds(seconds) + std::chrono::nanoseconds(static_cast<std::int64_t>(rest * 1e9) + 1);
}

TokenBucket::Clock::duration TokenBucket::wait(Clock::time_point now) const {
  return is_limited() ? std::max(empty_at_ - now, Clock::duration::zero()) : Clock::duration::zero();
}

void TokenBucket::take(std::uint64_t tokens, Clock::time_point now) {
  if (!is_limited()) return;
  // What was not used for longer than the burst lasts is lost.
  empty_at_ = std::max(empty_at_, now - time_for(burst_)) + time_for(tokens);
  empty_at_ = std::min(empty_at_, now + longest_debt);
}

}  // namespace immure::vmm::virtio
