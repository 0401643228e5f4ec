#include "cli/usage/guest_reading.hpp"

#include <fmt/core.h>

#include "cli/control/guest_control.hpp"
#include "cli/proc/process_directory.hpp"

namespace immure::cli {

GuestReading read_guest(KnownGuest guest) {
  GuestReading reading{.guest = std::move(guest), .at = std::chrono::steady_clock::now()};
  const auto& state = reading.guest.state;
  if (!state.cgroup.empty())
    reading.usage = cgroup_usage(fmt::format("/sys/fs/cgroup{}", state.cgroup.view()));
  if (reading.guest.liveness == Liveness::running) {
    // That it cannot be asked is no error: it may be gone by now.
    if (auto statistics = guest_statistics(reading.guest.name)) reading.statistics = std::move(*statistics);
  }
  return reading;
}

std::vector<GuestReading> read_guests(std::vector<KnownGuest> guests) {
  std::vector<GuestReading> readings;
  for (auto& guest : guests) readings.push_back(read_guest(std::move(guest)));
  return readings;
}

std::optional<std::uint64_t> memory_beside_guest(const KnownGuest& guest) {
  const auto process = ProcessDirectory::open(guest.state.vmm_pid, guest.state.vmm_start_ticks);
  const auto smaps = process ? process->read("smaps") : Result<std::string>(std::unexpected(process.error()));
  if (!smaps) return std::nullopt;
  return resident_beside(*smaps, guest.state.memory_bytes);
}

}  // namespace immure::cli
