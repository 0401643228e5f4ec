#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// What the process may still do, given up by itself: no_new_privs, Landlock, seccomp, in this order, as the
/// later ones need the first and seccomp would forbid the others.
struct Sandbox {
  int landlock_version = 0;  ///< 0: the kernel has none
  int program_fd = -1;       ///< the one file that Landlock lets it execute
  std::span<const sock_filter> filter;

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
