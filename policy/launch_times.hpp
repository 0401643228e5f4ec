#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bounded_string.hpp"

namespace immure::policy {

/// What the launcher did, and when it had done it.
struct StepTime {
  BoundedString<96> what;  ///< the beginning of the step's description
  std::uint64_t ended_usec = 0;

  friend bool operator==(const StepTime&, const StepTime&) = default;
};

/// The steps of a launch so far, in order. Times are microseconds of the host's CLOCK_MONOTONIC.
struct LaunchTimes {
  std::uint64_t began_usec = 0;
  std::uint32_t step_count = 0;
  std::uint32_t reserved = 0;
  std::array<StepTime, 32> steps{};

  /// None yet; it begins now.
  static LaunchTimes from_now();
  /// This ended now. More than there is room for are forgotten.
  void add(std::string_view what);

  friend bool operator==(const LaunchTimes&, const LaunchTimes&) = default;
};

std::span<const StepTime> steps_of(const LaunchTimes& times);

/// An Error unless time goes on, step by step, and every text is well-formed.
Result<void> check(const LaunchTimes& times);

}  // namespace immure::policy
