#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace immure {

/// Lines of a text, without the newlines.
std::vector<std::string_view> lines_of(std::string_view text);

/// Words between blanks and tabs.
std::vector<std::string_view> words_of(std::string_view line);

/// The rest of the line that starts with `key`, its words joined by one space; nothing where there is none.
std::optional<std::string> field_of(std::string_view text, std::string_view key);

/// Field 22 of /proc/PID/stat, which tells a process from a later one with its number. The name in field 2
/// may hold spaces and parentheses.
Result<std::uint64_t> start_ticks_in(std::string_view stat);

}  // namespace immure
