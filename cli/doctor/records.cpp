// What an auditor asks for: that decisions are recorded, and where a proof could come from. And how many
// guests there is room for.
#include <filesystem>

#include <fmt/core.h>

#include "cli/doctor/finding.hpp"
#include "cli/doctor/host_file.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::cli {
namespace {

Finding finding(std::string check, Verdict verdict, std::string found, std::string why, std::string remedy) {
  return {.check = std::move(check),
          .verdict = verdict,
          .found = std::move(found),
          .why = std::move(why),
          .remedy = verdict == Verdict::ok ? "" : std::move(remedy)};
}

Finding examine_audit(const std::string& root) {
  const auto pid = host_file(root + "/run/auditd.pid").value_or("");
  const bool runs = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos &&
                    host_file(fmt::format("{}/proc/{}/comm", root, pid)) == "auditd";
  return finding(
      "audit", runs ? Verdict::ok : Verdict::warn, runs ? "auditd runs" : "auditd does not run",
      "launches, ends and denials are recorded through it; without it they are in the kernel's log only",
      "install auditd, systemctl enable --now auditd");
}

Finding examine_tpm(const std::string& root) {
  const auto version = host_file(root + "/sys/class/tpm/tpm0/tpm_version_major");
  const bool ok = version == "2";
  return finding("tpm", ok ? Verdict::ok : Verdict::warn, version ? "version " + *version : "none",
                 "what was started can be proved to others only through one",
                 "enable the TPM in the firmware; immure needs version 2");
}

/// Entries of a directory; 0 where it is not there yet.
std::size_t entries_of(const std::string& directory) {
  std::error_code error;
  std::size_t count = 0;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    ++count;
  }
  return count;
}

Finding examine_room(const policy::HostPolicyRecord& host, const std::string& root) {
  const auto leases = root + policy::leases_directory;
  const auto pairs = entries_of(leases + "/mcs");
  const auto uids = entries_of(leases + "/uid");
  const auto uid_slots = host.uid_count / 2;
  const bool full = pairs >= policy::max_host_guests || uids >= uid_slots;
  return finding("room", full ? Verdict::fail : Verdict::ok,
                 fmt::format("{} of {} category pairs and {} of {} uid pairs are taken", pairs,
                             policy::max_host_guests, uids, uid_slots),
                 "each guest has a pair of either kind that nobody else has",
                 "immure gc; a larger uids.count in the host policy");
}

}  // namespace

void examine_records(Findings& findings, const std::string& root) {
  findings.push_back(examine_audit(root));
  findings.push_back(examine_tpm(root));
}

void examine_room(Findings& findings, const policy::HostPolicyRecord& host, const std::string& root) {
  findings.push_back(examine_room(host, root));
}

}  // namespace immure::cli
