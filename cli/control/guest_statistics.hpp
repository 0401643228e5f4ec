#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"
#include "policy/statistics_message.hpp"

namespace immure::cli {

/// The answer of GetStatistics (monitor/io.immure.Guest.varlink).
struct GuestStatistics {
  template <typename Counters>
  struct Device {
    std::string id;
    Counters counters;
  };
  policy::MachineCounters machine;
  std::optional<policy::GuestMemoryCounters> memory;  ///< none: the guest has said nothing
  std::vector<Device<policy::DiskCounters>> disks;
  std::vector<Device<policy::NetCounters>> nets;
  std::vector<policy::VcpuCounters> vcpus;
  struct Milestone {
    std::string what;
    std::uint64_t usec = 0;  ///< of the host's CLOCK_MONOTONIC
  };
  std::vector<Milestone> boot;
};

/// Reads it; an Error where it is not what the interface says. Its numbers are the VMM's word.
Result<GuestStatistics> statistics_in(const nlohmann::json& answer);

}  // namespace immure::cli
