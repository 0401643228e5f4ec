#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// Finishes the new namespaces: a cgroup namespace rooted at the guest's own cgroup, a host name that says
/// nothing, and an empty, read-only root. Needs the namespaces of clone3 (namespace_flags).
struct NewRoot {
  /// mount, pid, net, ipc, uts: clone(2). The cgroup namespace follows once the process is in its cgroup.
  static constexpr std::uint64_t namespace_flags =
      0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000;

  std::string mount_point;  ///< any directory; only this process ever sees what is mounted there

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
