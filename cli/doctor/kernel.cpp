#include <fmt/core.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"

namespace immure::cli {
namespace {

void examine_release(Findings& findings) {
  utsname name{};
  (void)::uname(&name);
  findings.push_back({.check = "kernel",
                      .verdict = Verdict::ok,
                      .found = fmt::format("{} {}", &name.sysname[0], &name.release[0]),
                      .why = "every promise rests on it",
                      .remedy = ""});
}

void examine_seccomp(Findings& findings) {
  const auto actions = host_file("/proc/sys/kernel/seccomp/actions_avail");
  const bool ok = actions && actions->find("kill_process") != std::string::npos;
  findings.push_back({.check = "seccomp",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = ok ? "filters, kill_process" : "no kill_process",
                      .why = "the VMM may use a few dozen system calls; any other one must end it",
                      .remedy = ok ? "" : "use a kernel with CONFIG_SECCOMP_FILTER"});
}

void examine_landlock(Findings& findings) {
  const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  const bool ok = abi >= 1;
  findings.push_back(
      {.check = "landlock",
       .verdict = ok ? Verdict::ok : Verdict::warn,
       .found = ok ? fmt::format("ABI {}", abi) : "not there",
       .why = "a wall against files and network that stands even where a mount or a label is wrong",
       .remedy = ok ? "" : "boot with lsm=landlock,... and CONFIG_SECURITY_LANDLOCK"});
}

void examine_namespaces(Findings& findings) {
  std::string missing;
  for (const std::string kind : {"mnt", "pid", "net", "ipc", "uts", "cgroup"}) {
    if (::access(("/proc/self/ns/" + kind).c_str(), F_OK) != 0) missing += " " + kind;
    if (host_file("/proc/sys/user/max_" + kind + "_namespaces") == "0") missing += " " + kind + " (limit 0)";
  }
  const bool ok = missing.empty();
  findings.push_back(
      {.check = "namespaces",
       .verdict = ok ? Verdict::ok : Verdict::fail,
       .found = ok ? "mnt pid net ipc uts cgroup" : "missing:" + missing,
       .why = "the VMM sees an empty file system, no other process and no network",
       .remedy = ok ? "" : "raise the user.max_*_namespaces sysctls, or use a kernel that has them"});
}

}  // namespace

void examine_kernel(Findings& findings) {
  examine_release(findings);
  examine_seccomp(findings);
  examine_landlock(findings);
  examine_namespaces(findings);
}

}  // namespace immure::cli
