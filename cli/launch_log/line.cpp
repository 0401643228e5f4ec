#include "cli/launch_log/line.hpp"

#include "cli/launch_log/append.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Objects and arrays in each other; an entry has four.
constexpr int max_depth = 8;

Json parse(std::string_view text) {
  const auto keep = [](int depth, Json::parse_event_t, Json&) { return depth <= max_depth; };
  return Json::parse(text, keep, /*allow_exceptions=*/false);
}

bool has_text(const Json& entry, const char* key) { return entry.contains(key) && entry.at(key).is_string(); }

}  // namespace

Result<LogLine> read_line(std::string_view line) {
  if (line.size() > max_log_line) return invalid("it is too long");
  auto entry = parse(line);
  if (!entry.is_object()) return invalid("it is not a JSON object");
  for (const auto* key : {"previous", "time", "event", "name", "uuid"}) {
    if (!has_text(entry, key)) return invalid(std::string("it has no \"") + key + "\"");
  }
  if (!entry.contains("sequence") || !entry["sequence"].is_number_unsigned()) {
    return invalid("it has no \"sequence\"");
  }
  LogLine out;
  out.sequence = entry["sequence"].get<std::uint64_t>();
  out.previous = entry["previous"].get<std::string>();
  out.after_cut_off = entry.contains("after_cut_off");
  out.entry = std::move(entry);
  return out;
}

}  // namespace immure::cli
