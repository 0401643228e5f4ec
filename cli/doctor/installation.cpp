#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"
#include "cli/doctor/uid_ranges.hpp"
#include "cli/failure.hpp"
#include "policy/guest_state.hpp"
#include "policy/spec/compile.hpp"

namespace immure::cli {
namespace {

std::string what_is_wrong_with_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error(path).error().message;
  if (status.st_uid != 0) return fmt::format("{} belongs to uid {}", path, status.st_uid);
  if ((status.st_mode & 022) != 0) return fmt::format("{} is writable for others than root", path);
  return {};
}

/// Programs, and what root reads to decide: root's, and writable for root alone; so is every directory above
/// it.
std::string what_is_wrong_with(std::string path) {
  for (; !path.empty(); path.resize(path.rfind('/'))) {
    if (auto problem = what_is_wrong_with_file(path); !problem.empty()) return problem;
  }
  return {};
}

void examine_programs(Findings& findings) {
  std::string wrong;
  for (const char* program : {IMMURE_LIBEXECDIR "/immure-launch", IMMURE_LIBEXECDIR "/immure-vmm",
                              IMMURE_LIBEXECDIR "/immure-monitor", IMMURE_BINDIR "/immure"}) {
    const auto problem = what_is_wrong_with(program);
    if (!problem.empty()) wrong += (wrong.empty() ? "" : "; ") + problem;
  }
  const bool ok = wrong.empty();
  findings.push_back({.check = "programs",
                      .verdict = ok ? Verdict::ok : Verdict::fail,
                      .found = ok ? "installed, root's, not writable for others" : wrong,
                      .why = "root runs the launcher; who can change it is root",
                      .remedy = ok ? "" : "install immure again"});
}

Expected<policy::HostPolicyRecord> read_host_policy() {
  const UniqueFd fd(::open(policy::host_policy_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return policy::default_host_policy();
  if (!fd) return system_error(std::string("open ") + policy::host_policy_path);
  const auto problem = what_is_wrong_with(policy::host_policy_path);
  if (!problem.empty()) return fail(ExitCode::bad_specification, problem);
  return policy::compile_host_policy(fd.get(), policy::host_policy_path);
}

void examine_policy(const Expected<policy::HostPolicyRecord>& host, Findings& findings) {
  const bool optional = host && host->selinux == policy::SelinuxMode::optional;
  findings.push_back({.check = "host policy",
                      .verdict = !host      ? Verdict::fail
                                 : optional ? Verdict::warn
                                            : Verdict::ok,
                      .found = !host      ? host.error().message
                               : optional ? "selinux = \"optional\": guests may run without a label"
                                          : fmt::format("at most {} guests", host->max_guests),
                      .why = "it says what guests this host takes",
                      .remedy = host && !optional ? "" : fmt::format("mend {}", policy::host_policy_path)});
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
    const auto problem = what_is_wrong_with(directory);
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
  const auto host = read_host_policy();
  examine_policy(host, findings);
  if (!host) return;
  examine_uids(*host, findings);
  examine_room(findings, *host);
}

}  // namespace immure::cli
