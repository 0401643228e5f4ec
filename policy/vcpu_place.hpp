#pragma once

#include <string>
#include <vector>

#include "policy/guest_record.hpp"

namespace immure::policy {

/// Where a vCPU's thread, which is called "vcpuN", must run.
struct VcpuPlace {
  std::string cpus;  ///< as Cpus_allowed_list shows it; empty: anywhere
  std::uint32_t realtime_priority = 0;
};

/// One for each vCPU, or none at all where no vCPU has a place of its own.
std::vector<VcpuPlace> places_of(const GuestRecord& guest);

}  // namespace immure::policy
