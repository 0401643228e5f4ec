#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.hpp"

namespace immure::policy {

constexpr std::uint64_t min_bytes_per_second = 1ULL << 10;
constexpr std::uint64_t max_rate_bytes = 1ULL << 40;  ///< per second, and of a burst
constexpr std::uint64_t max_rate_operations = 1'000'000'000;

/// How much a device may move: a token bucket for bytes and one for operations. A rate of 0: no limit. A
/// burst of 0: as much as one second brings.
struct RateLimit {
  std::uint64_t bytes_per_second = 0;
  std::uint64_t bytes_burst = 0;
  std::uint64_t operations_per_second = 0;
  std::uint64_t operations_burst = 0;

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// A number of a limit, by the name that it has in specifications and in io.immure.Guest.
struct RateLimitField {
  std::string_view name;
  std::uint64_t RateLimit::* value;
};
inline constexpr std::array<RateLimitField, 4> rate_limit_fields{{
    {"bytes_per_second", &RateLimit::bytes_per_second},
    {"bytes_burst", &RateLimit::bytes_burst},
    {"operations_per_second", &RateLimit::operations_per_second},
    {"operations_burst", &RateLimit::operations_burst},
}};

/// Rates and bursts are in range, and there is no burst without a rate. Errors name the key below `key`
/// ("disks[1].limit").
Result<void> check(const RateLimit& limit, std::string_view key);

}  // namespace immure::policy
