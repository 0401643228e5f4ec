#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace immure::attest {

/// "2026-01-31T12:00:00Z" (RFC 3339, in UTC).
std::string time_text(std::chrono::sys_seconds time);

/// RFC 3339 ("2026-01-31T12:00:00Z", "... +01:00", a fraction is dropped), a day alone ("2026-01-31", its
/// first second in UTC), or seconds since 1970 ("1769860800", "@1769860800"). Nothing where it is anything
/// else, or there is no such time.
std::optional<std::chrono::sys_seconds> parse_time(std::string_view text);

}  // namespace immure::attest
