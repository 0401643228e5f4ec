#pragma once

#include <string>

#include "policy/guest_record.hpp"

namespace immure::policy {

// What a guest is given, in words: for the plan of its launch.

/// "/boot/vmlinuz and /boot/initrd.img"
std::string images_of(const GuestRecord& guest);
/// "/var/web.raw (read-write), /dev/vg0/data (read-only)", or "none"
std::string disks_of(const GuestRecord& guest);
/// "lan (bridge br0)", or "none"
std::string nets_of(const GuestRecord& guest);

}  // namespace immure::policy
