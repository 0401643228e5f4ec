#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// Becomes a uid and gid of its own with no group and no capability, for good.
struct DropPrivileges {
  uid_t uid = 0;
  gid_t gid = 0;

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
