#pragma once

#include <string_view>

#include "policy/guest_record.hpp"

namespace immure::policy::test {

template <typename Text>
Text text(std::string_view value) {
  return Text::from(value, "test text").value();
}

/// A record that check() accepts: two vCPUs, 64 MiB, an initrd, two disks.
inline GuestRecord good_guest() {
  GuestRecord guest;
  guest.header = header_of<GuestRecord>();
  guest.name = text<GuestName>("web-1");
  guest.kernel = text<HostPath>("/srv/images/vmlinuz");
  guest.initrd = text<HostPath>("/srv/images/initrd");
  guest.command_line = text<decltype(guest.command_line)>("console=hvc0");
  guest.vcpus = 2;
  guest.memory_bytes = 64ULL << 20;
  guest.serial = guest.console = guest.entropy = Switch::on;
  guest.disk_count = 2;
  guest.disks[0] = {.id = text<BoundedString<32>>("root"),
                    .path = text<HostPath>("/srv/images/root.raw"),
                    .format = DiskFormat::raw,
                    .access = DiskAccess::read_write};
  guest.disks[1] = {.id = text<BoundedString<32>>("data"),
                    .path = text<HostPath>("/srv/images/data.raw"),
                    .format = DiskFormat::raw,
                    .access = DiskAccess::read_only};
  return guest;
}

/// The same with two networks.
inline GuestRecord networked_guest() {
  auto guest = good_guest();
  guest.net_count = 2;
  guest.nets[0] = {.id = text<BoundedString<32>>("lan"),
                   .host = text<InterfaceName>("br0"),
                   .mac = {2, 0, 0, 0, 0, 1},
                   .kind = NetKind::bridge};
  guest.nets[1] = {.id = text<BoundedString<32>>("wan"),
                   .host = text<InterfaceName>("tap7"),
                   .mac = {2, 0, 0, 0, 0, 2},
                   .kind = NetKind::tap};
  return guest;
}

}  // namespace immure::policy::test
