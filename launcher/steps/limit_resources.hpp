#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// rlimits, hard and soft: exec into another label resets the soft ones to at most init's.
struct LimitResources {
  std::uint64_t open_files = 1024;
  std::uint64_t locked_bytes = 8ULL << 20;  ///< registered io_uring buffers

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
