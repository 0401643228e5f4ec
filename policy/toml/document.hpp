#pragma once

#include <optional>
#include <string_view>

#include "policy/toml/diagnostics.hpp"
#include "policy/toml/toml_library.hpp"

namespace immure::policy::toml_text {

/// Longer files are refused before a byte of them is looked at.
constexpr std::size_t largest_document = 1024 * 1024;

/// The file as a TOML 1.0 table; nothing, and a diagnostic, where it is too long or is not TOML.
std::optional<toml::table> parse_document(std::string_view text, std::string_view file_name,
                                          Diagnostics& diagnostics);

}  // namespace immure::policy::toml_text
