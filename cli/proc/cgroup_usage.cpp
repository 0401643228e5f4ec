#include "cli/proc/cgroup_usage.hpp"

#include <charconv>

#include "base/proc_text.hpp"
#include "cli/doctor/host_file.hpp"

namespace immure::cli {
namespace {

std::optional<std::uint64_t> number_in(std::string_view text, int base = 10) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> number_after(const std::optional<std::string>& text, std::string_view key) {
  const auto field = text ? field_of(*text, key) : std::nullopt;
  return field ? number_in(*field) : std::nullopt;
}

/// The size of a mapping whose line this is, "START-END ..." in hexadecimal digits; nothing of other lines.
std::optional<std::uint64_t> mapping_size(std::string_view line) {
  const auto dash = line.find('-');
  const auto blank = line.find(' ');
  if (dash == line.npos || blank == line.npos || blank < dash) return std::nullopt;
  const auto start = number_in(line.substr(0, dash), 16);
  const auto end = number_in(line.substr(dash + 1, blank - dash - 1), 16);
  if (!start || !end || *end < *start) return std::nullopt;
  return *end - *start;
}

}  // namespace

std::optional<CgroupUsage> cgroup_usage(const std::string& directory) {
  const auto cpu = number_after(host_file(directory + "/cpu.stat"), "usage_usec");
  if (!cpu) return std::nullopt;
  const auto bytes_in = [&](const char* file) {
    const auto text = host_file(directory + file);
    return text ? number_in(*text).value_or(0) : 0;
  };
  return CgroupUsage{
      .cpu_usec = *cpu,
      .memory_bytes = bytes_in("/memory.current"),
      .swap_bytes = bytes_in("/memory.swap.current"),
      .oom_kills = number_after(host_file(directory + "/memory.events"), "oom_kill ").value_or(0)};
}

std::uint64_t resident_beside(std::string_view smaps, std::uint64_t least_bytes) {
  std::uint64_t kib = 0;
  bool is_counted = false;
  for (const auto line : lines_of(smaps)) {
    if (const auto size = mapping_size(line)) is_counted = *size < least_bytes;
    if (!is_counted || !line.starts_with("Rss:")) continue;
    const auto words = words_of(line.substr(4));
    if (!words.empty()) kib += number_in(words.front()).value_or(0);
  }
  return kib << 10;
}

}  // namespace immure::cli
