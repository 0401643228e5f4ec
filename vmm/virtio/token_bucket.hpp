#pragma once

#include <chrono>
#include <cstdint>

namespace immure::vmm::virtio {

/// A token bucket, kept as the one moment at which it is, or was, empty. Whatever starts while there is a
/// token may take more than there are: what follows then waits for the debt. So nothing has to be known of a
/// request before it is taken, and none is too large to ever be served.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  /// `per_second` 0: no limit. It starts full, with `burst` tokens; 0: those of one second.
  void set(std::uint64_t per_second, std::uint64_t burst, Clock::time_point now);

  [[nodiscard]] bool is_limited() const { return per_second_ != 0; }
  /// How long until something may start; zero: now.
  [[nodiscard]] Clock::duration wait(Clock::time_point now) const;
  void take(std::uint64_t tokens, Clock::time_point now);

 private:
  [[nodiscard]] Clock::duration time_for(std::uint64_t tokens) const;

  std::uint64_t per_second_ = 0;
  std::uint64_t burst_ = 0;
  Clock::time_point empty_at_{};
};

}  // namespace immure::vmm::virtio
