#pragma once

#include <string>

#include "base/overridable.hpp"
#include "base/result.hpp"

namespace immure::selinux {

/// One question to the loaded policy.
struct AccessQuestion {
  std::string source;
  std::string target;
  std::string object_class;
  std::string permission;
};

/// What the loaded policy says. permissive: it does not allow it, and the kernel would not stop it, because
/// the source's domain is permissive.
enum class Verdict { denied, allowed, permissive };

/// What preflight asks of the running kernel, through selinuxfs. Never by selinux_check_access(3), which
/// would log the denials that preflight hopes for. A test gives its own answers.
class PolicyOracle : public Overridable {
 public:
  virtual bool is_enabled();
  virtual Result<bool> is_enforcing();
  /// A policy capability, by its name in /sys/fs/selinux/policy_capabilities.
  virtual Result<bool> has_capability(const std::string& name);
  virtual bool is_valid(const std::string& context);
  virtual Result<Verdict> decide(const AccessQuestion& question);
  /// The calling process's context.
  virtual Result<std::string> own_context();
};

/// Whether SELinux on this host is the wall that a guest needs: enforcing, with our policy module, neither
/// domain permissive, the transitions allowed, and categories really told apart (asked by a probe that must
/// be denied). The Error says what is missing and what to do. `launcher` is the context that launches: the
/// launcher's own, or launcher_context where `immure doctor` asks.
Result<void> check_wall(PolicyOracle& oracle, const std::string& launcher);

/// check_wall() for the calling launcher, which must run in its own domain.
Result<void> check_wall(PolicyOracle& oracle);

}  // namespace immure::selinux
