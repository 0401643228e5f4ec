#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"
#include "cli/doctor/uid_ranges.hpp"
#include "cli/failure.hpp"
#include "cli/policy/host_policy.hpp"
#include "policy/guest_state.hpp"

namespace immure::cli {
namespace {

void examine_programs(Findings& findings) {
  std::string wrong;
  for (const char* program :
       {IMMURE_LIBEXECDIR "/immure-launch", IMMURE_LIBEXECDIR "/immure-vmm",
        IMMURE_LIBEXECDIR "/immure-monitor", IMMURE_LIBEXECDIR "/immure-net", IMMURE_BINDIR "/immure"}) {
    const auto problem = what_lets_others_change(program);
    if (!problem.empty()) wrong += (wrong.empty() ? "" : "; ") + problem;
  }
  const bool ok = wrong.empty();
  findings.push_back({.check = "programs",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = ok ? "installed, root's, not writable for others" : wrong,
                      .why = "root runs the launcher; who can change it is root",
                      .remedy = ok ? "" : "install immure again"});
}

void examine_policy(const Expected<policy::HostPolicyFile>& file, Findings& findings) {
  const bool optional = file && file->host.selinux == policy::SelinuxMode::optional;
  findings.push_back({.check = "host policy",
                      .verdict = !file      ? Verdict::fail
                                 : optional ? Verdict::warn
                                            : Verdict::ok,
                      .found = !file      ? file.error().message
                               : optional ? "selinux = \"optional\": guests may run without a label"
                                          : fmt::format("at most {} guests", file->host.max_guests),
                      .why = "it says what guests this host takes",
                      .remedy = file && !optional ? "" : fmt::format("mend {}", policy::host_policy_path)});
}

void examine_uids(const policy::HostPolicyRecord& host, Findings& findings) {
  const UidRange guests{.first = host.uid_base, .count = host.uid_count};
  const auto users = users_in(host_file("/etc/passwd").value_or(""), guests);
  const auto ranges = ranges_overlapping(host_file("/etc/subuid").value_or(""), guests);
  const bool ok = users.empty() && ranges.empty();
  std::string taken;
  for (const auto& name : users) taken += " user " + name;
  for (const auto& name : ranges) taken += " subuids of " + name;
  findings.push_back(
      {.check = "uid range",
       .verdict = ok ? Verdict::ok : Verdict::fail,
       .found = fmt::format("{} to {}{}", guests.first, guests.first + guests.count - 1,
                            ok ? ", free" : "; used by:" + taken),
       .why = "a guest's uid must be nobody else's, or its processes could be signalled and its files read",
       .remedy = ok ? "" : fmt::format("set another uid_base in {}", policy::host_policy_path)});
}

void examine_directories(Findings& findings) {
  std::string wrong;
  for (const char* directory : {policy::runtime_directory, policy::journal_directory, "/etc/immure"}) {
    struct stat status{};
    if (::stat(directory, &status) != 0) continue;  // Made at the first launch.
    const auto problem = what_lets_others_change(directory);
    if (!problem.empty()) wrong += (wrong.empty() ? "" : "; ") + problem;
  }
  const bool ok = wrong.empty();
  findings.push_back({.check = "directories",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = ok ? "root's, not writable for others" : wrong,
                      .why = "leases and journals tell the launcher what to undo as root",
                      .remedy = ok ? "" : "chown root: and chmod go-w them"});
}

}  // namespace

void examine_installation(Findings& findings) {
  examine_programs(findings);
  examine_directories(findings);
  const auto policy = read_host_policy();
  examine_policy(policy, findings);
  if (!policy) return;
  examine_uids(policy->host, findings);
  examine_room(findings, policy->host);
}

}  // namespace immure::cli
