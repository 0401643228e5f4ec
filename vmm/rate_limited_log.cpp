#include "vmm/rate_limited_log.hpp"

#include <utility>

#include "base/log.hpp"

namespace immure::vmm {

void RateLimitedLog::warn(std::string_view message, Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  ++count_;
  if (written_ == 0 || now - second_start_ >= std::chrono::seconds(1)) {
    second_start_ = now;
    lines_this_second_ = 0;
  }
  if (lines_this_second_ == lines_per_second) {
    ++dropped_since_line_;
    return;
  }
  ++lines_this_second_;
  ++written_;
  auto line = name_ + ": " + std::string(message);
  if (dropped_since_line_ > 0)
    line += " (" + std::to_string(std::exchange(dropped_since_line_, 0)) + " similar not shown)";
  log_line(line);
}

std::uint64_t RateLimitedLog::count() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

std::uint64_t RateLimitedLog::written() const {
  const std::scoped_lock lock(mutex_);
  return written_;
}

}  // namespace immure::vmm
