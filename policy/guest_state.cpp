#include "policy/guest_state.hpp"

#include <span>

#include "policy/fd_layout.hpp"

namespace immure::policy {

GuestState make_guest_state(const GuestRecord& guest, const Measurement& measurement) {
  GuestState state;
  state.header = header_of<GuestState>();
  state.name = guest.name;
  state.uuid = guest.uuid;
  state.vcpus = guest.vcpus;
  state.memory_bytes = guest.memory_bytes;
  const auto add = [&](const HostPath& path, FileRole role, std::string_view name, DiskAccess access,
                       std::int32_t fd) {
    auto& file = state.files[state.file_count++];
    file = {.path = path, .role = role, .access = access, .vmm_fd = fd, .measured = {}};
    if (const auto* item = item_of(measurement, name)) file.measured = *item;
  };
  add(guest.kernel, FileRole::kernel, "kernel", DiskAccess::read_only, vmm_fd::kernel);
  if (!guest.initrd.empty())
    add(guest.initrd, FileRole::initrd, "initrd", DiskAccess::read_only, vmm_fd::initrd);
  std::int32_t next = vmm_fd::first_disk;
  for (const auto& disk : std::span(guest.disks).first(guest.disk_count)) {
    add(disk.path, FileRole::disk, "disk:" + std::string(disk.id.view()), disk.access, next++);
  }
  for (const auto& net : std::span(guest.nets).first(guest.net_count)) {
    state.nets[state.net_count++] = {.id = net.id,
                                     .mac = net.mac,
                                     .kind = net.kind,
                                     .forward_count = net.forward_count,
                                     .forwards = net.forwards};
  }
  return state;
}

}  // namespace immure::policy
