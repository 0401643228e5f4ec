#include "base/proc_text.hpp"

#include <charconv>

namespace immure {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> words;
  for (;;) {
    const auto start = line.find_first_not_of(blanks);
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const auto end = line.find_first_of(blanks);
    words.push_back(line.substr(0, end));
    line.remove_prefix(words.back().size());
  }
}

std::optional<std::string> field_of(std::string_view text, std::string_view key) {
  for (const auto line : lines_of(text)) {
    if (!line.starts_with(key)) continue;
    std::string joined;
    for (const auto word : words_of(line.substr(key.size()))) {
      joined.append(joined.empty() ? "" : " ").append(word);
    }
    return joined;
  }
  return std::nullopt;
}

Result<std::uint64_t> start_ticks_in(std::string_view stat) {
  // The name ends at the last ')': after it come fields 3, 4, ...
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return invalid("/proc stat: no name");
  const auto fields = words_of(stat.substr(name_end + 1));
  constexpr std::size_t start_time = 22 - 3;
  if (fields.size() <= start_time) return invalid("/proc stat: no start time");
  const auto text = fields[start_time];
  std::uint64_t ticks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ticks);
  if (error != std::errc{} || end != text.data() + text.size()) return invalid("/proc stat: no start time");
  return ticks;
}

}  // namespace immure
