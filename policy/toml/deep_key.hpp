#pragma once

#include <optional>
#include <string_view>

#include "policy/toml/diagnostics.hpp"

namespace immure::policy::toml_text {

/// Parts of a dotted key: more than any key of ours has.
constexpr int deepest_key = 16;

/// The dot behind the last allowed part of the first key that has more; nothing where there is none. toml++
/// bounds how deep values nest (TOML_MAX_NESTED_VALUES) but not keys, and its recursion would follow one of a
/// megabyte off the end of the stack.
std::optional<Place> find_deep_key(std::string_view text);

}  // namespace immure::policy::toml_text
