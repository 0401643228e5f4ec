#pragma once

#include "cli/usage/guest_reading.hpp"

namespace immure::cli::test {

/// A running guest with a disk, a network and a vCPU, all counts 0, `seconds` after some moment.
inline GuestReading a_reading(const std::string& name, int seconds = 0) {
  GuestReading reading;
  reading.guest.name = name;
  reading.guest.liveness = Liveness::running;
  reading.guest.state.vcpus = 1;
  reading.guest.state.memory_bytes = 64 << 20;
  reading.guest.state.started_at = 1000;
  reading.at = std::chrono::steady_clock::time_point() + std::chrono::seconds(seconds);
  reading.usage.emplace();
  auto& statistics = reading.statistics.emplace();
  statistics.machine.uptime_usec = static_cast<std::uint64_t>(seconds) * 1'000'000;
  statistics.disks.push_back({.id = "root", .counters = {}});
  statistics.nets.push_back({.id = "lan", .counters = {}});
  statistics.vcpus.emplace_back();
  return reading;
}

}  // namespace immure::cli::test
