#include "policy/launch_entry.hpp"

#include <type_traits>

namespace immure::policy {

static_assert(std::has_unique_object_representations_v<LaunchEntry>, "a record has no implicit padding");

LaunchEntry make_launch_entry(LaunchEvent event, const GuestRecord& guest) {
  LaunchEntry entry;
  entry.header = header_of<LaunchEntry>();
  entry.event = event;
  entry.guest = guest;
  entry.state.name = guest.name;
  entry.state.uuid = guest.uuid;
  return entry;
}

Result<void> check(const LaunchEntry& entry) {
  IMMURE_TRY(check_header(entry, "the launch entry"));
  if (launch_event_name(entry.event).empty()) return invalid("the launch entry has an unknown event");
  const auto& state = entry.state;
  if (!is_guest_name(state.name.view())) return invalid("the launch entry has no guest's name");
  if (!state.label.is_well_formed() || !state.image_label.is_well_formed() ||
      !state.cgroup.is_well_formed() || !state.tenant.is_well_formed() || !entry.message.is_well_formed()) {
    return invalid("the launch entry has a text that is not well-formed");
  }
  const auto& guest = entry.guest;
  if (guest.disk_count > guest.disks.size() || guest.net_count > guest.nets.size()) {
    return invalid("the launch entry has too many disks or networks");
  }
  IMMURE_TRY(check(entry.times));
  if (entry.measurement.header != RecordHeader{}) return check(entry.measurement, guest);
  return {};
}

std::string_view launch_event_name(LaunchEvent event) {
  switch (event) {
    case LaunchEvent::started:
      return "started";
    case LaunchEvent::restarted:
      return "restarted";
    case LaunchEvent::ended:
      return "ended";
    case LaunchEvent::failed:
      return "failed";
    case LaunchEvent::refused:
      return "refused";
    case LaunchEvent::abandoned:
      return "abandoned";
  }
  return {};
}

}  // namespace immure::policy
