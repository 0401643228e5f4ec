#include "launcher/proc_text.hpp"

#include <algorithm>

namespace immure::launcher {
namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto start = text.find_first_not_of(separators);
    if (start == std::string_view::npos) return parts;
    text.remove_prefix(start);
    const auto end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

std::vector<std::string_view> words(std::string_view line) { return split(line, " \t"); }

std::vector<std::string_view> lines(std::string_view text) { return split(text, "\n"); }

std::optional<std::string> field(std::string_view text, std::string_view key) {
  for (const auto line : lines(text)) {
    if (!line.starts_with(key)) continue;
    std::string joined;
    for (const auto word : words(line.substr(key.size()))) {
      joined += (joined.empty() ? "" : " ") + std::string(word);
    }
    return joined;
  }
  return std::nullopt;
}

}  // namespace immure::launcher
