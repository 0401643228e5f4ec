#include "base/audit_field.hpp"

#include <algorithm>

namespace immure {

std::string audit_field(std::string_view name, std::string_view value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text(name);
  text += '=';
  if (std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7f && c != '"'; })) {
    return text.append(1, '"').append(value).append(1, '"');
  }
  for (const char c : value) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 0xf];
  }
  return text;
}

}  // namespace immure
