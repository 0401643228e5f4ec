#pragma once

#include <vector>

#include "launcher/kernel.hpp"

namespace immure::launcher {

struct FdMapping {
  int source = -1;
  int target = -1;
};

/// Moves every fd of the map to its number and marks everything else, whatever it is, to be closed by exec.
struct ArrangeFds {
  /// Targets are below it; the program's fd and the error pipe are above it.
  static constexpr int first_free = 64;

  std::vector<FdMapping> fds;

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
