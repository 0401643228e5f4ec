#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace immure::cli {

/// What a cgroup has used, as the kernel counts it (Documentation/admin-guide/cgroup-v2.rst).
struct CgroupUsage {
  std::uint64_t cpu_usec = 0;
  std::uint64_t memory_bytes = 0;  ///< all that is charged to it, the page cache of its disks too
  std::uint64_t swap_bytes = 0;
  std::uint64_t oom_kills = 0;
};

/// Of a directory below /sys/fs/cgroup; nothing where it is gone, or says nothing of its CPU time. What else
/// the kernel does not say is 0.
std::optional<CgroupUsage> cgroup_usage(const std::string& directory);

/// Resident bytes of a process beside its mappings of at least `least_bytes`, the guest's memory; `smaps` is
/// the text of /proc/PID/smaps.
std::uint64_t resident_beside(std::string_view smaps, std::uint64_t least_bytes);

}  // namespace immure::cli
