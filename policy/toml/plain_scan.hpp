#pragma once

#include <optional>
#include <string_view>

#include "policy/toml/diagnostics.hpp"

namespace immure::policy::toml_text {

/// The first byte beyond ASCII that is neither in a comment nor in a string of one line; nothing where there
/// is none. TOML allows none there but in multi-line strings, and the parser must not see them: in
/// toml++ 3.3.0, is_non_ascii_horizontal_whitespace() runs into undefined behaviour for some (U+02EC).
std::optional<Place> find_stray_non_ascii(std::string_view text);

/// Parts of a dotted key: more than any key of ours has.
constexpr int deepest_key = 16;

/// The dot behind the last allowed part of the first key that has more; nothing where there is none. toml++
/// bounds how deep values nest (TOML_MAX_NESTED_VALUES) but not keys, and its recursion would follow one of a
/// megabyte off the end of the stack.
std::optional<Place> find_deep_key(std::string_view text);

}  // namespace immure::policy::toml_text
