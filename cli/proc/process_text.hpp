#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace immure::cli {

/// What /proc/PID/status says of a process or thread's credentials and confinement (proc_pid_status(5)).
struct ProcessStatus {
  std::string name;
  std::array<std::uint32_t, 4> uids{};  ///< real, effective, saved, file system
  std::array<std::uint32_t, 4> gids{};
  std::vector<std::uint32_t> groups;
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t bounding = 0;
  std::uint64_t ambient = 0;
  std::uint32_t no_new_privs = 0;
  std::uint32_t seccomp_mode = 0;     ///< 2: filter
  std::uint32_t seccomp_filters = 0;  ///< how many filters are stacked
  std::uint64_t resident_kib = 0;
};

/// An Error that names the line that is missing or not as the manual has it.
Result<ProcessStatus> parse_status(std::string_view text);

/// The cgroup v2 path in /proc/PID/cgroup ("0::/immure/web"), "" where there is none.
std::string cgroup_in(std::string_view text);

/// The soft and hard limit of one line of /proc/PID/limits, as the kernel writes them ("0", "unlimited").
struct LimitText {
  std::string soft;
  std::string hard;
};
Result<LimitText> limit_in(std::string_view limits, std::string_view name);

}  // namespace immure::cli
