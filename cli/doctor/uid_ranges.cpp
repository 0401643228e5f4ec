#include "cli/doctor/uid_ranges.hpp"

#include <charconv>
#include <optional>

#include "base/proc_text.hpp"

namespace immure::cli {
namespace {

/// Field `index` of a line whose fields are separated by colons.
std::string_view field(std::string_view line, std::size_t index) {
  for (; index > 0; --index) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    line.remove_prefix(colon + 1);
  }
  return line.substr(0, line.find(':'));
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool overlap(UidRange a, UidRange b) {
  // Uids have 32 bits: the sums fit.
  return a.first < b.first + b.count && b.first < a.first + a.count;
}

}  // namespace

std::vector<std::string> users_in(std::string_view passwd, UidRange range) {
  std::vector<std::string> names;
  for (const auto line : lines_of(passwd)) {
    const auto uid = number(field(line, 2));
    if (uid && overlap({.first = *uid, .count = 1}, range)) names.emplace_back(field(line, 0));
  }
  return names;
}

std::vector<std::string> ranges_overlapping(std::string_view subuid, UidRange range) {
  std::vector<std::string> names;
  for (const auto line : lines_of(subuid)) {
    const auto first = number(field(line, 1));
    const auto count = number(field(line, 2));
    if (!first || !count || *first > UINT32_MAX || *count > UINT32_MAX) continue;
    if (overlap({.first = *first, .count = *count}, range)) names.emplace_back(field(line, 0));
  }
  return names;
}

}  // namespace immure::cli
