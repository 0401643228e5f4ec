#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "cli/control/guest_statistics.hpp"
#include "cli/proc/cgroup_usage.hpp"
#include "cli/state/guest_directory.hpp"

namespace immure::cli {

/// What a guest has used until a moment: of the kernel's counts and of the VMM's. Either is missing where the
/// guest went meanwhile, or, of a paused one, cannot be asked.
struct GuestReading {
  KnownGuest guest;
  std::chrono::steady_clock::time_point at;
  std::optional<CgroupUsage> usage{};
  std::optional<GuestStatistics> statistics{};
};

GuestReading read_guest(KnownGuest guest);
std::vector<GuestReading> read_guests(std::vector<KnownGuest> guests);

/// What the VMM has in memory beside the guest's; nothing where it is gone, or not the caller's to see. The
/// kernel looks at every page for it.
std::optional<std::uint64_t> memory_beside_guest(const KnownGuest& guest);

}  // namespace immure::cli
