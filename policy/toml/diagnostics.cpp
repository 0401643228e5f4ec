#include "policy/toml/diagnostics.hpp"

#include <algorithm>
#include <tuple>

namespace immure::policy::toml_text {

void Diagnostics::add(Place place, std::string_view message) {
  std::string clean(message);
  std::ranges::replace_if(
      clean, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  errors_.push_back({.place = place, .message = std::move(clean)});
}

std::unexpected<Error> Diagnostics::error() const {
  auto sorted = errors_;
  std::ranges::sort(sorted, {}, [](const Entry& entry) {
    return std::tuple(entry.place.line, entry.place.column, std::string_view(entry.message));
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), most_shown); ++i) {
    const auto& [place, message] = sorted[i];
    text += (text.empty() ? "" : "\n") + file_name_ + ":" + std::to_string(place.line) + ":" +
            std::to_string(place.column) + ": " + message;
  }
  if (sorted.size() > most_shown) {
    text += "\n" + file_name_ + ": and " + std::to_string(sorted.size() - most_shown) + " more errors";
  }
  return invalid(text);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 64;
  if (text.size() <= most) return "\"" + std::string(text) + "\"";
  return "\"" + std::string(text.substr(0, most)) + "...\"";
}

}  // namespace immure::policy::toml_text
