#include "selinux/preflight.hpp"

#include <utility>

#include "selinux/contexts.hpp"

namespace immure::selinux {
namespace {

constexpr const char* install_module =
    ": load the policy module (/usr/share/immure/selinux/install, then semodule -l shows immure)";
constexpr const char* vmm_program = "system_u:object_r:immure_vmm_exec_t:s0";
constexpr const char* monitor_program = "system_u:object_r:immure_monitor_exec_t:s0";

/// `why` a denial is needed; what must be allowed speaks for itself.
Result<void> require(PolicyOracle& oracle, Verdict wanted, const AccessQuestion& question,
                     const std::string& why = "") {
  const auto verdict = IMMURE_TRY(oracle.decide(question));
  if (verdict == wanted) return {};
  if (verdict == Verdict::permissive && wanted == Verdict::denied) {
    const std::string domain(type_of(question.source));
    return invalid("SELinux does not confine " + domain +
                   ": it is a permissive domain; semanage permissive -d " + domain);
  }
  const auto* finding = wanted == Verdict::allowed ? "does not allow " : "allows ";
  return invalid(std::string("the SELinux policy ") + finding + question.source + " " + question.permission +
                 " of " + question.object_class + " " + question.target + why + install_module);
}

Result<void> check_state(PolicyOracle& oracle) {
  if (!oracle.is_enabled()) {
    return invalid("SELinux is off on this host: boot with security=selinux selinux=1 enforcing=1");
  }
  if (!IMMURE_TRY(oracle.is_enforcing())) {
    return invalid(
        "SELinux is permissive on this host: setenforce 1, and SELINUX=enforcing in /etc/selinux/config");
  }
  constexpr const char* capability = "nnp_nosuid_transition";
  if (!IMMURE_TRY(oracle.has_capability(capability))) {
    return invalid(std::string("the SELinux policy lacks the capability ") + capability +
                   ": a process with no_new_privs could not enter its domain; a newer base policy is needed");
  }
  return {};
}

}  // namespace

Result<void> check_wall(PolicyOracle& oracle, const std::string& launcher) {
  IMMURE_TRY(check_state(oracle));

  const auto one = labels_of(IMMURE_TRY(CategoryPair::at(2)));    // c1,c2
  const auto other = labels_of(IMMURE_TRY(CategoryPair::at(4)));  // c1,c3
  for (const auto& context :
       {one.vmm, one.monitor, one.pipe, one.image, std::string(content_context), launcher}) {
    if (!oracle.is_valid(context)) {
      return invalid("the SELinux policy does not know " + context + install_module);
    }
  }

  using enum Verdict;
  for (const auto& [domain, program] :
       {std::pair(one.vmm, vmm_program), std::pair(one.monitor, monitor_program)}) {
    IMMURE_TRY(require(oracle, allowed, {launcher, domain, "process", "transition"}));
    // Without it the C library starts in a way that the launch filter does not expect.
    IMMURE_TRY(require(oracle, allowed, {launcher, domain, "process", "noatsecure"}));
    // no_new_privs is set, and the program's mount is gone by then, which counts as nosuid.
    IMMURE_TRY(require(oracle, allowed, {launcher, domain, "process2", "nnp_transition"}));
    IMMURE_TRY(require(oracle, allowed, {launcher, domain, "process2", "nosuid_transition"}));
    IMMURE_TRY(require(oracle, allowed, {domain, program, "file", "entrypoint"}));
    IMMURE_TRY(require(oracle, denied, {domain, program, "file", "execute_no_trans"},
                       ": a confined program must not run another"));
  }

  // The other guest shares one category with this one: the closest that two guests ever are.
  constexpr const char* no_mcs = ": guests are not kept apart by their categories";
  IMMURE_TRY(require(oracle, allowed, {one.vmm, one.image, "file", "write"}));
  IMMURE_TRY(require(oracle, denied, {one.vmm, other.image, "file", "read"}, no_mcs));
  IMMURE_TRY(require(oracle, denied, {one.vmm, other.image, "file", "write"}, no_mcs));
  return require(oracle, denied, {one.monitor, other.pipe, "fifo_file", "read"}, no_mcs);
}

Result<void> check_wall(PolicyOracle& oracle) {
  IMMURE_TRY(check_state(oracle));
  const auto own = IMMURE_TRY(oracle.own_context());
  if (type_of(own) != type_of(launcher_context)) {
    return invalid("the launcher runs as " + own +
                   ", not in its own domain immure_t: restorecon -RF /usr/libexec/immure");
  }
  return check_wall(oracle, own);
}

}  // namespace immure::selinux
