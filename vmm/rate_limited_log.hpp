#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace immure::vmm {

/// Warnings about what a guest or a peer does wrong: always counted, written a few times per second at most,
/// so that a guest cannot fill the log. Safe from several threads at once.
class RateLimitedLog {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned lines_per_second = 4;

  /// `name` goes in front of every line: "disk root".
  explicit RateLimitedLog(std::string name) : name_(std::move(name)) {}

  /// Counts the warning and writes it, or drops it where this second already had its lines; the next line
  /// that is written says how many were dropped.
  void warn(std::string_view message, Clock::time_point now = Clock::now());

  [[nodiscard]] std::uint64_t count() const;    ///< warnings so far
  [[nodiscard]] std::uint64_t written() const;  ///< lines so far

 private:
  mutable std::mutex mutex_;
  std::string name_;
  Clock::time_point second_start_{};
  unsigned lines_this_second_ = 0;
  std::uint64_t dropped_since_line_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace immure::vmm
