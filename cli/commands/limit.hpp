#pragma once

#include <cstdint>
#include <string>

#include "cli/failure.hpp"
#include "policy/control_message.hpp"

namespace immure::cli {

/// As the user wrote it; empty texts and zeros: no limit of this kind.
struct LimitOptions {
  std::string name{};    ///< the guest's
  std::string device{};  ///< "disk:ID", "net:ID", "console" or "rng"
  std::string bytes_per_second{};
  std::string bytes_burst{};
  std::uint64_t operations_per_second = 0;
  std::uint64_t operations_burst = 0;
};

/// What the monitor is told; `usage` where an option cannot be.
Expected<policy::LimitChange> limit_change(const LimitOptions& options);

}  // namespace immure::cli
