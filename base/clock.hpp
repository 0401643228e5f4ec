#pragma once

#include <chrono>
#include <cstdint>

namespace immure {

/// Now, in microseconds of CLOCK_MONOTONIC: the same for all processes of the host.
inline std::uint64_t monotonic_usec() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(now / std::chrono::microseconds(1));
}

}  // namespace immure
