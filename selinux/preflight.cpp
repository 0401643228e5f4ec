#include "selinux/preflight.hpp"

#include <array>

#include "selinux/contexts.hpp"

namespace immure::selinux {
namespace {

constexpr const char* install_module =
    ": load the policy module (/usr/share/immure/selinux/install, then semodule -l shows immure)";
constexpr const char* vmm_program = "system_u:object_r:immure_vmm_exec_t:s0";
constexpr const char* monitor_program = "system_u:object_r:immure_monitor_exec_t:s0";

Result<void> require_allowed(PolicyOracle& oracle, const AccessQuestion& question) {
  if (IMMURE_TRY(oracle.decide(question)) == Verdict::allowed) return {};
  return invalid("the SELinux policy does not allow " + question.source + " " + question.permission + " of " +
                 question.object_class + " " + question.target + install_module);
}

Result<void> require_denied(PolicyOracle& oracle, const AccessQuestion& question, const std::string& why) {
  const auto verdict = IMMURE_TRY(oracle.decide(question));
  if (verdict == Verdict::denied) return {};
  const auto domain = std::string(type_of(question.source));
  if (verdict == Verdict::permissive) {
    return invalid("SELinux does not confine " + domain +
                   ": it is a permissive domain; semanage permissive -d " + domain);
  }
  return invalid("the SELinux policy allows " + question.source + " " + question.permission + " of " +
                 question.object_class + " " + question.target + ": " + why + install_module);
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

  const auto one = IMMURE_TRY(CategoryPair::at(2));    // c1,c2
  const auto other = IMMURE_TRY(CategoryPair::at(4));  // c1,c3
  const auto vmm = vmm_context(one);
  const auto monitor = monitor_context(one);
  const auto pipe = pipe_context(one);
  for (const auto& context :
       {vmm, monitor, image_context(one), pipe, std::string(content_context), launcher}) {
    if (!oracle.is_valid(context)) {
      return invalid("the SELinux policy does not know " + context + install_module);
    }
  }

  struct Domain {
    std::string context;
    const char* program;
  };
  for (const auto& domain : {Domain{vmm, vmm_program}, Domain{monitor, monitor_program}}) {
    IMMURE_TRY(require_allowed(oracle, {launcher, domain.context, "process", "transition"}));
    // Without it the C library starts in a way that the launch filter does not expect.
    IMMURE_TRY(require_allowed(oracle, {launcher, domain.context, "process", "noatsecure"}));
    // no_new_privs is set, and the program's mount is gone by then, which counts as nosuid.
    IMMURE_TRY(require_allowed(oracle, {launcher, domain.context, "process2", "nnp_transition"}));
    IMMURE_TRY(require_allowed(oracle, {launcher, domain.context, "process2", "nosuid_transition"}));
    IMMURE_TRY(require_allowed(oracle, {domain.context, domain.program, "file", "entrypoint"}));
    IMMURE_TRY(require_denied(oracle, {domain.context, domain.program, "file", "execute_no_trans"},
                              "a confined program must not run another"));
  }

  // The other guest shares one category with this one: the closest that two guests ever are.
  constexpr const char* no_mcs = "guests are not kept apart by their categories";
  IMMURE_TRY(require_allowed(oracle, {vmm, image_context(one), "file", "write"}));
  IMMURE_TRY(require_denied(oracle, {vmm, image_context(other), "file", "read"}, no_mcs));
  IMMURE_TRY(require_denied(oracle, {vmm, image_context(other), "file", "write"}, no_mcs));
  IMMURE_TRY(require_denied(oracle, {monitor, pipe_context(other), "fifo_file", "read"}, no_mcs));
  return {};
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
