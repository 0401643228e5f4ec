#include "policy/vcpu_place.hpp"

#include <span>

namespace immure::policy {

std::vector<VcpuPlace> places_of(const GuestRecord& guest) {
  const auto& asked = guest.resources;
  std::vector<VcpuPlace> places;
  if (asked.pinned_cpus[0] == 0 && asked.realtime_priority == 0) return places;
  for (const auto cpu : std::span(asked.pinned_cpus).first(guest.vcpus)) {
    places.push_back({cpu == 0 ? "" : std::to_string(cpu - 1), asked.realtime_priority});
  }
  return places;
}

}  // namespace immure::policy
