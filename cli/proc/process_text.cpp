#include "cli/proc/process_text.hpp"

#include <charconv>
#include <optional>

#include "base/proc_text.hpp"

namespace immure::cli {
namespace {

template <typename Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The words after "NAME:".
Result<std::vector<std::string_view>> words_after(std::string_view text, std::string_view name) {
  for (const auto line : lines_of(text)) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return words_of(line.substr(name.size() + 1));
    }
  }
  return invalid("/proc status has no line " + std::string(name));
}

template <typename Number>
Result<Number> number_after(std::string_view text, std::string_view name, int base = 10) {
  const auto words = IMMURE_TRY(words_after(text, name));
  const auto number = words.empty() ? std::nullopt : number_in<Number>(words.front(), base);
  if (!number) return invalid("/proc status: the line " + std::string(name) + " holds no number");
  return *number;
}

Result<std::array<std::uint32_t, 4>> four_ids(std::string_view text, std::string_view name) {
  const auto words = IMMURE_TRY(words_after(text, name));
  std::array<std::uint32_t, 4> ids{};
  if (words.size() != ids.size()) return invalid("/proc status: " + std::string(name) + " has not four ids");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto id = number_in<std::uint32_t>(words[i]);
    if (!id) return invalid("/proc status: " + std::string(name) + " holds no number");
    ids[i] = *id;
  }
  return ids;
}

}  // namespace

Result<ProcessStatus> parse_status(std::string_view text) {
  ProcessStatus status;
  const auto name = IMMURE_TRY(words_after(text, "Name"));
  status.name = name.empty() ? "" : std::string(name.front());
  status.uids = IMMURE_TRY(four_ids(text, "Uid"));
  status.gids = IMMURE_TRY(four_ids(text, "Gid"));
  for (const auto word : IMMURE_TRY(words_after(text, "Groups"))) {
    status.groups.push_back(number_in<std::uint32_t>(word).value_or(0));
  }
  status.effective = IMMURE_TRY(number_after<std::uint64_t>(text, "CapEff", 16));
  status.permitted = IMMURE_TRY(number_after<std::uint64_t>(text, "CapPrm", 16));
  status.inheritable = IMMURE_TRY(number_after<std::uint64_t>(text, "CapInh", 16));
  status.bounding = IMMURE_TRY(number_after<std::uint64_t>(text, "CapBnd", 16));
  status.ambient = IMMURE_TRY(number_after<std::uint64_t>(text, "CapAmb", 16));
  status.no_new_privs = IMMURE_TRY(number_after<std::uint32_t>(text, "NoNewPrivs"));
  status.seccomp_mode = IMMURE_TRY(number_after<std::uint32_t>(text, "Seccomp"));
  status.seccomp_filters = IMMURE_TRY(number_after<std::uint32_t>(text, "Seccomp_filters"));
  // A process without memory of its own (a zombie) has no such line.
  status.resident_kib = number_after<std::uint64_t>(text, "VmRSS").value_or(0);
  return status;
}

std::string cgroup_in(std::string_view text) {
  for (const auto line : lines_of(text)) {
    if (line.starts_with("0::")) return std::string(line.substr(3));
  }
  return {};
}

Result<LimitText> limit_in(std::string_view limits, std::string_view name) {
  for (const auto line : lines_of(limits)) {
    if (!line.starts_with(name)) continue;
    const auto words = words_of(line.substr(name.size()));
    if (words.size() >= 2) return LimitText{.soft = std::string(words[0]), .hard = std::string(words[1])};
  }
  return invalid("/proc limits has no line " + std::string(name));
}

}  // namespace immure::cli
