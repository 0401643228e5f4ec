#pragma once

#include <string>

#include "base/result.hpp"

namespace immure::selinux {

/// One question to the loaded policy.
struct AccessQuestion {
  std::string source;
  std::string target;
  std::string object_class;
  std::string permission;
};

/// What the loaded policy says, permissive means that the policy does not allow it,
/// and the kernel would not stop it, because the source's domain is permissive.
enum class Verdict { denied, allowed, permissive };

/// What preflight asks of the kernel. A test gives its own answers.
class PolicyOracle {
 public:
  PolicyOracle() = default;
  PolicyOracle(const PolicyOracle&) = delete;
  PolicyOracle& operator=(const PolicyOracle&) = delete;
  virtual ~PolicyOracle() = default;

  virtual bool is_enabled() = 0;
  virtual Result<bool> is_enforcing() = 0;
  /// A policy capability, by its name in /sys/fs/selinux/policy_capabilities.
  virtual Result<bool> has_capability(const std::string& name) = 0;
  virtual bool is_valid(const std::string& context) = 0;
  virtual Result<Verdict> decide(const AccessQuestion& question) = 0;
  /// The calling process's context.
  virtual Result<std::string> own_context() = 0;
};

/// Asks the running kernel through selinuxfs. Never by selinux_check_access(3), which would log the denials
/// that preflight hopes for.
class KernelPolicyOracle : public PolicyOracle {
 public:
  bool is_enabled() override;
  Result<bool> is_enforcing() override;
  Result<bool> has_capability(const std::string& name) override;
  bool is_valid(const std::string& context) override;
  Result<Verdict> decide(const AccessQuestion& question) override;
  Result<std::string> own_context() override;
};

}  // namespace immure::selinux
