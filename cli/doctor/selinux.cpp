#include <fmt/core.h>

#include "cli/doctor/finding.hpp"
#include "selinux/contexts.hpp"
#include "selinux/preflight.hpp"

namespace immure::cli {
namespace {

using selinux::PolicyOracle;

constexpr const char* why_selinux =
    "the label is what keeps a guest that broke out from the host and from other guests; without it no guest "
    "starts (unless the host policy says selinux = \"optional\")";

constexpr const char* vmm = "system_u:system_r:immure_vmm_t:s0:c1,c2";
constexpr const char* own_image = "system_u:object_r:immure_image_t:s0:c1,c2";
constexpr const char* other_image = "system_u:object_r:immure_image_t:s0:c1,c3";

Finding finding(std::string check, std::string found, Verdict verdict, std::string why, std::string remedy) {
  return {.check = std::move(check),
          .verdict = verdict,
          .found = std::move(found),
          .why = std::move(why),
          .remedy = verdict == Verdict::ok ? "" : std::move(remedy)};
}

Verdict pass_or_fail(bool ok) { return ok ? Verdict::ok : Verdict::fail; }

std::string answer_of(PolicyOracle& oracle, const char* image) {
  const auto answer =
      oracle.decide({.source = vmm, .target = image, .object_class = "file", .permission = "write"});
  if (!answer) return answer.error().message;
  switch (*answer) {
    case selinux::Verdict::denied:
      return "denied";
    case selinux::Verdict::allowed:
      return "allowed";
    case selinux::Verdict::permissive:
      return "permissive";
  }
  return "unknown";
}

void examine_module(PolicyOracle& oracle, Findings& findings) {
  const bool loaded = oracle.is_valid(vmm) && oracle.is_valid(own_image);
  findings.push_back(
      finding("selinux module",
              loaded ? "immure's types are in the loaded policy" : std::string(vmm) + " is not valid",
              pass_or_fail(loaded), why_selinux, "semodule -i immure.pp, of this version of immure"));
  if (!loaded) return;
  const auto own = answer_of(oracle, own_image);
  const auto other = answer_of(oracle, other_image);
  findings.push_back(
      finding("selinux categories", fmt::format("own image: write {}; another guest's: {}", own, other),
              pass_or_fail(own == "allowed" && other == "denied"),
              "the policy must bind immure_vmm_t to its categories, or guests reach each other",
              "the module was built without mcs_constrained(immure_vmm_t): rebuild it"));
  const auto wall = selinux::check_wall(oracle, selinux::launcher_context);
  findings.push_back(finding("selinux wall", wall ? "the launcher's preflight passes" : wall.error().message,
                             pass_or_fail(wall.has_value()), why_selinux,
                             "install the policy module that belongs to this version of immure"));
}

}  // namespace

void examine_selinux(Findings& findings) {
  selinux::PolicyOracle oracle;
  if (!oracle.is_enabled()) {
    findings.push_back(finding("selinux", "off", Verdict::fail, why_selinux,
                               "boot with security=selinux selinux=1 and a policy installed (Debian: "
                               "selinux-basics, selinux-activate)"));
    return;
  }
  const auto enforcing = oracle.is_enforcing();
  const bool ok = enforcing && *enforcing;
  findings.push_back(finding("selinux",
                             !enforcing ? enforcing.error().message
                             : ok       ? "enforcing"
                                        : "permissive",
                             pass_or_fail(ok), why_selinux,
                             "setenforce 1, and SELINUX=enforcing in /etc/selinux/config"));
  examine_module(oracle, findings);
}

}  // namespace immure::cli
