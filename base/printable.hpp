#pragma once

#include <string>
#include <string_view>

namespace immure {

/// The text with every control character (C0, DEL, and C1 in UTF-8) as '?': names, labels and log lines come
/// from files and guests and must not drive the terminal.
std::string printable(std::string_view text);

/// The same, but newline and tab stay.
std::string printable_lines(std::string_view text);

}  // namespace immure
