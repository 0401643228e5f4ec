#include "policy/host_set.hpp"

#include <charconv>

namespace immure::policy {
namespace {

/// A number below max_host_cpus and nothing else.
std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number >= max_host_cpus)
    return std::nullopt;
  return number;
}

bool add_range(std::string_view text, HostSet& set) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *first > *last) return false;
  for (auto number = *first; number <= *last; ++number) set.add(number);
  return true;
}

}  // namespace

bool HostSet::is_within(const HostSet& other) const {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if ((bits[i] & ~other.bits[i]) != 0) return false;
  }
  return true;
}

std::string list_text(const HostSet& set) {
  std::string text;
  for (std::uint32_t first = 0; first < max_host_cpus; ++first) {
    if (!set.contains(first)) continue;
    auto last = first;
    while (set.contains(last + 1)) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(first);
    if (last != first) text += "-" + std::to_string(last);
    first = last;
  }
  return text;
}

std::optional<HostSet> parse_list(std::string_view text) {
  HostSet set;
  while (true) {
    const auto comma = text.find(',');
    if (!add_range(text.substr(0, comma), set)) return std::nullopt;
    if (comma == std::string_view::npos) return set;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace immure::policy
