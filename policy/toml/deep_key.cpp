#include "policy/toml/deep_key.hpp"

#include <algorithm>
#include <string>

namespace immure::policy::toml_text {
namespace {

/// Where the string ends that starts at `at` with one quote or three. One line's ends with the line at the
/// latest; the end of several lines' may have two quotes of its text in front.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string three_quotes(3, quote);
  const bool has_lines = text.substr(at).starts_with(three_quotes);
  for (at += has_lines ? 3 : 1; at < text.size(); ++at) {
    if (text[at] == '\n' && !has_lines) return at;
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (has_lines && text.substr(at).starts_with(three_quotes)) {
      return std::min({text.find_first_not_of(quote, at), at + 5, text.size()});
    } else if (text[at] == quote && !has_lines) {
      return at + 1;
    }
  }
  return text.size();
}

/// Where the comment, the string or the one character ends that starts at `at`.
std::size_t end_of_token(std::string_view text, std::size_t at) {
  if (text[at] == '#') return std::min(text.find('\n', at), text.size());
  if (text[at] == '"' || text[at] == '\'') return end_of_string(text, at);
  return at + 1;
}

Place place_of(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto column = at - (before.rfind('\n') + 1) + 1;
  return {.line = static_cast<decltype(Place::line)>(line),
          .column = static_cast<decltype(Place::column)>(column)};
}

}  // namespace

std::optional<Place> find_deep_key(std::string_view text) {
  constexpr std::string_view ends_of_keys = "=,[]{}#\n";
  int dots = 0;
  for (std::size_t at = 0; at < text.size(); at = end_of_token(text, at)) {
    if (ends_of_keys.contains(text[at])) dots = 0;
    if (text[at] == '.' && ++dots == deepest_key) return place_of(text, at);
  }
  return std::nullopt;
}

}  // namespace immure::policy::toml_text
