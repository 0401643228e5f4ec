#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace immure::policy::toml_text {

/// The candidate that a typist most likely meant by `word`: at most a third of its letters are wrong, missing
/// or too many. Nothing where none is that near.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace immure::policy::toml_text
