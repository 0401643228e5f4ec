#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/guest_state.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::cli {

/// ok: as it should be. warn: guests run, but a promise is weaker than it could be. fail: no guest will
/// start.
enum class Verdict { ok, warn, fail };
std::string_view verdict_name(Verdict verdict);

/// One check of the host.
struct Finding {
  std::string check;
  Verdict verdict = Verdict::ok;
  std::string found;   ///< what is there
  std::string why;     ///< why it matters
  std::string remedy;  ///< how to mend it; empty where all is well
};

using Findings = std::vector<Finding>;

/// Every check, in the order of the table. Each group is a function of its own; it looks at the host it runs
/// on.
Findings examine_host();

void examine_kvm(Findings& findings);
void examine_selinux(Findings& findings);
void examine_kernel(Findings& findings);
void examine_cgroups(Findings& findings);
void examine_installation(Findings& findings);
void examine_side_channels(Findings& findings);
/// The same below another root than "/", for tests.
void examine_hardening(Findings& findings, const std::string& root = "");
void examine_records(Findings& findings, const std::string& root = "");
void examine_room(Findings& findings, const policy::HostPolicyRecord& host, const std::string& root = "");

/// The worst verdict.
Verdict worst_of(const Findings& findings);
std::string findings_json(const Findings& findings);
std::string findings_text(const Findings& findings);

}  // namespace immure::cli
