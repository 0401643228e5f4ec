#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/output/style.hpp"
#include "cli/usage/guest_reading.hpp"

namespace immure::cli {

/// What the VMM's counts say of the time between two readings, each second.
struct DeviceRates {
  double read_bytes = 0;  ///< of all disks together
  double written_bytes = 0;
  double disk_requests = 0;
  double received_bytes = 0;  ///< of all networks together
  double sent_bytes = 0;
  double exits = 0;  ///< of all vCPUs together
};

/// A guest as `immure top` shows it. What could not be known is missing.
struct GuestRates {
  std::string name;
  Liveness liveness{};
  std::optional<double> cpu_percent{};  ///< of one CPU
  std::optional<std::uint64_t> memory_bytes{};
  std::optional<std::uint64_t> beside_bytes{};  ///< the VMM's own, beside the guest's memory
  std::optional<DeviceRates> devices{};
};

/// Counts that became less begin anew, at 0: a guest that reset itself has a fresh VMM. Pure.
GuestRates rates_between(const GuestReading& before, const GuestReading& now);

/// Of each guest that is in both lists and was not replaced by another of its name meanwhile; those that use
/// most CPU time first. Pure.
std::vector<GuestRates> rates_between(std::span<const GuestReading> before,
                                      std::span<const GuestReading> now);

/// A table, and an array of objects.
std::string rates_table(std::span<const GuestRates> guests, const Style& style);
std::string rates_json(std::span<const GuestRates> guests);

}  // namespace immure::cli
