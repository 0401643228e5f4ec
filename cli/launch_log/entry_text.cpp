#include "cli/launch_log/entry_text.hpp"

#include <fmt/core.h>

#include "base/printable.hpp"
#include "cli/output/units.hpp"

namespace immure::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What stands at a path of keys ("/confinement/label"), as text; "" where nothing does.
std::string text_at(const Json& entry, const char* path) {
  const Json::json_pointer pointer(path);
  if (!entry.contains(pointer)) return {};
  const auto& value = entry.at(pointer);
  if (value.is_null()) return {};
  return printable(value.is_string() ? value.get<std::string>()
                                     : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void add(std::string& out, std::string_view what, const std::string& value) {
  if (!value.empty()) out += fmt::format("    {:<14}{}\n", what, value);
}

std::string disks_of(const Json& entry) {
  const Json::json_pointer disks("/guest/disks");
  std::string out;
  if (!entry.contains(disks) || !entry.at(disks).is_array()) return out;
  for (const auto& disk : entry.at(disks)) {
    out += (out.empty() ? "" : ", ") + text_at(disk, "/path") + " (" + text_at(disk, "/access") + ")";
  }
  return out;
}

}  // namespace

std::string entry_headline(const LogLine& line) {
  const auto& entry = line.entry;
  auto what = text_at(entry, "/message");
  if (what.empty()) what = text_at(entry, "/confinement/label");
  if (what.empty()) what = text_at(entry, "/exit_code_name");
  return fmt::format("{}  {:<9}  {}  {}", text_at(entry, "/time"), text_at(entry, "/event"),
                     text_at(entry, "/name"), what);
}

std::string entry_details(const LogLine& line) {
  const auto& entry = line.entry;
  std::string out;
  add(out, "uuid", text_at(entry, "/uuid"));
  add(out, "asked by", text_at(entry, "/asked_by"));
  add(out, "tenant", text_at(entry, "/tenant"));
  add(out, "kernel", text_at(entry, "/guest/kernel"));
  add(out, "initrd", text_at(entry, "/guest/initrd"));
  add(out, "command line", text_at(entry, "/guest/command_line"));
  add(out, "vCPUs", text_at(entry, "/guest/vcpus"));
  const Json::json_pointer memory("/guest/memory_bytes");
  if (entry.contains(memory) && entry.at(memory).is_number_unsigned()) {
    add(out, "memory", human_size(entry.at(memory).get<std::uint64_t>()));
  }
  add(out, "disks", disks_of(entry));
  add(out, "VMM", text_at(entry, "/confinement/vmm_pid"));
  add(out, "uid", text_at(entry, "/read_back/status/Uid"));
  add(out, "label", text_at(entry, "/read_back/attr~1current"));
  add(out, "capabilities", text_at(entry, "/read_back/status/CapEff"));
  add(out, "no_new_privs", text_at(entry, "/read_back/status/NoNewPrivs"));
  add(out, "seccomp", text_at(entry, "/read_back/status/Seccomp_filters"));
  add(out, "cgroup", text_at(entry, "/read_back/cgroup"));
  add(out, "exit code", text_at(entry, "/exit_code_name"));
  return out;
}

}  // namespace immure::cli
