#pragma once

#include <atomic>
#include <mutex>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "policy/rate_limit.hpp"
#include "vmm/virtio/token_bucket.hpp"

namespace immure::vmm::virtio {

/// The limit of one direction of a device. A device asks before it takes a chain and says afterwards how much
/// it was; where it has to wait, the chain stays in the guest's ring and event() wakes the device. Without a
/// limit it costs next to nothing.
class RateLimiter {
 public:
  using Clock = TokenBucket::Clock;

  explicit RateLimiter(const policy::RateLimit& limit = {}) { change(limit); }

  /// Before the machine runs: makes event(). Without it the limiter works, but wakes nobody.
  Result<void> open();
  /// A timer, readable (edge-triggered) when the device should try again; -1 before open().
  [[nodiscard]] int event() const { return timer_.get(); }

  /// Whether an operation may start now; where not, event() is set for when it may.
  bool may_start(Clock::time_point now);
  bool may_start() { return !is_limited_ || may_start(Clock::now()); }
  /// One operation moved this many bytes.
  void charge(std::uint64_t bytes, Clock::time_point now);
  void charge(std::uint64_t bytes) {
    if (is_limited_) charge(bytes, Clock::now());
  }

  /// From any thread; `limit` was checked. The device tries again at once.
  void change(const policy::RateLimit& limit);

 private:
  void wake_in(Clock::duration time);

  std::atomic<bool> is_limited_ = false;
  std::mutex mutex_;
  TokenBucket bytes_;
  TokenBucket operations_;
  UniqueFd timer_;
};

}  // namespace immure::vmm::virtio
