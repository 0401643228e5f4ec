#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace immure::launcher {

/// The words of a line of /proc text: separated by spaces and tabs.
std::vector<std::string_view> words(std::string_view line);

/// The lines of a text, without their ends.
std::vector<std::string_view> lines(std::string_view text);

/// The rest of the line that starts with `key`, its words joined by one space; nothing where there is none.
std::optional<std::string> field(std::string_view text, std::string_view key);

}  // namespace immure::launcher
