#include "policy/guest_text.hpp"

#include <span>

namespace immure::policy {
namespace {

template <typename Records, typename Text>
std::string list_of(const Records& records, std::uint32_t count, Text text) {
  std::string list;
  for (const auto& record : std::span(records).first(count))
    list += (list.empty() ? "" : ", ") + text(record);
  return list.empty() ? "none" : list;
}

}  // namespace

std::string images_of(const GuestRecord& guest) {
  return std::string(guest.kernel.view()) +
         (guest.initrd.empty() ? "" : " and " + std::string(guest.initrd.view()));
}

std::string disks_of(const GuestRecord& guest) {
  return list_of(guest.disks, guest.disk_count, [](const DiskRecord& disk) {
    const auto* access = disk.access == DiskAccess::read_write ? " (read-write)" : " (read-only)";
    return std::string(disk.path.view()) + access;
  });
}

std::string nets_of(const GuestRecord& guest) {
  return list_of(guest.nets, guest.net_count, [](const NetRecord& net) {
    return std::string(net.id.view()) + " (" + std::string(net_kind_name(net.kind)) +
           (net.host.empty() ? "" : " " + std::string(net.host.view())) + ")";
  });
}

std::string_view reason_of(ExitCode code) {
  switch (code) {
    case ExitCode::success:
      return "shutdown";
    case ExitCode::killed:
      return "destroyed";
    case ExitCode::guest_crashed:
      return "crashed";
    default:
      return "failed";
  }
}

}  // namespace immure::policy
