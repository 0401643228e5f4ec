#include "policy/toml/plain_scan.hpp"

namespace immure::policy::toml_text {
namespace {

enum class Context { plain, comment, basic_string, literal_string };

/// Where a string may start. After anything else a quote is part of a malformed value, in which toml++ still
/// looks for letters beyond ASCII: "+1'" followed by one runs into undefined behaviour too.
bool may_precede_string(char c) {
  constexpr std::string_view before_strings = " \t\n\r=[]{},.\"'";
  return before_strings.contains(c);
}

/// What the next byte finds itself in. Three quotes in a row are an empty string and the start of another, so
/// that the text of a multi-line string counts as plain from its second line on.
Context after(Context context, char before, char c) {
  if (c == '\n') return Context::plain;
  switch (context) {
    case Context::plain:
      if (c == '#') return Context::comment;
      if (!may_precede_string(before)) return context;
      if (c == '"') return Context::basic_string;
      if (c == '\'') return Context::literal_string;
      return context;
    case Context::basic_string:
      return c == '"' ? Context::plain : context;
    case Context::literal_string:
      return c == '\'' ? Context::plain : context;
    case Context::comment:
      return context;
  }
  return context;
}

/// The place of the first byte that `is_wanted`, asked about line ends and every byte of plain text, in
/// order.
template <typename IsWanted>
std::optional<Place> find_in_plain_text(std::string_view text, IsWanted is_wanted) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // the byte order mark that TOML allows
  Place place;
  auto context = Context::plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((context == Context::plain || text[i] == '\n') && is_wanted(text[i])) return place;
    if (context == Context::basic_string && text[i] == '\\' && i + 1 < text.size() && text[i + 1] != '\n') {
      ++i;  // an escape: \" does not end the string
      ++place.column;
    } else {
      context = after(context, i == 0 ? '\n' : text[i - 1], text[i]);
    }
    ++place.column;
    if (text[i] == '\n') place = {.line = place.line + 1, .column = 1};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Place> find_stray_non_ascii(std::string_view text) {
  return find_in_plain_text(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::optional<Place> find_deep_key(std::string_view text) {
  constexpr std::string_view ends_of_keys = "=,[]{}#\n";
  int dots = 0;
  return find_in_plain_text(text, [&](char c) {
    if (ends_of_keys.contains(c)) dots = 0;
    if (c == '.') ++dots;
    return dots >= deepest_key;
  });
}

}  // namespace immure::policy::toml_text
