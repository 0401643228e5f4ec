#include "policy/toml/document.hpp"

#include "policy/toml/deep_key.hpp"

namespace immure::policy::toml_text {

std::optional<toml::table> parse_document(std::string_view text, std::string_view file_name,
                                          Diagnostics& diagnostics) {
  if (text.size() > largest_document) {
    diagnostics.add({}, "the file is " + std::to_string(text.size()) + " bytes long; allowed: at most " +
                            std::to_string(largest_document) + " bytes (1 MiB)");
    return std::nullopt;
  }
  if (const auto place = find_deep_key(text)) {
    diagnostics.add(*place, "a key of too many parts; allowed: at most " + std::to_string(deepest_key));
    return std::nullopt;
  }
  auto result = toml::parse(text, file_name);
  if (!result) {
    const auto& begin = result.error().source().begin;
    diagnostics.add({begin.line, begin.column},
                    "not valid TOML: " + std::string(result.error().description()));
    return std::nullopt;
  }
  return std::move(result).table();
}

}  // namespace immure::policy::toml_text
