#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// The SELinux label that the program gets at exec. Set explicitly: with no_new_privs and without it the
/// kernel would silently leave the program in the launcher's domain.
struct ExecContext {
  std::string label;

  /// Needs /proc, so it runs before the root is left.
  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
