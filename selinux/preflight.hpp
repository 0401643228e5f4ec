#pragma once

#include "selinux/policy_oracle.hpp"

namespace immure::selinux {

/// Whether SELinux on this host is the wall that a guest needs: enforcing, with our policy module, neither
/// domain permissive, the transitions allowed, and categories really told apart (asked by a probe that must
/// be denied). The Error says what is missing and what to do. `launcher` is the context that launches: the
/// launcher's own, or launcher_context where `immure doctor` asks.
Result<void> check_wall(PolicyOracle& oracle, const std::string& launcher);

/// check_wall() for the calling launcher, which must run in its own domain.
Result<void> check_wall(PolicyOracle& oracle);

}  // namespace immure::selinux
