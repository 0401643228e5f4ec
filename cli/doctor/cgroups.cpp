#include <algorithm>

#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/proc_text.hpp"
#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"

namespace immure::cli {
namespace {

constexpr const char* cgroup_root = "/sys/fs/cgroup";

bool is_cgroup2() {
  struct statfs info{};
  return ::statfs(cgroup_root, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

void examine_cgroups(Findings& findings) {
  if (!is_cgroup2()) {
    findings.push_back({.check = "cgroups",
                        .verdict = Verdict::fail,
                        .found = fmt::format("{} is not cgroup v2", cgroup_root),
                        .why = "a guest's memory, processor time and processes are limited by its cgroup",
                        .remedy = "boot with systemd.unified_cgroup_hierarchy=1"});
    return;
  }
  const auto text = host_file(std::string(cgroup_root) + "/cgroup.controllers").value_or("");
  const auto there = words_of(text);
  std::string missing;
  for (const std::string_view controller : {"cpu", "memory", "pids"}) {
    if (std::ranges::find(there, controller) == there.end()) missing += " " + std::string(controller);
  }
  const bool ok = missing.empty();
  findings.push_back({.check = "cgroups",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = ok ? "v2: " + text : "v2, missing:" + missing,
                      .why = "a guest's memory, processor time and processes are limited by its cgroup",
                      .remedy = ok ? "" : "remove cgroup_disable= from the kernel command line"});
}

}  // namespace immure::cli
