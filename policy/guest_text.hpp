#pragma once

#include <string>

#include "policy/exit_codes.hpp"
#include "policy/guest_record.hpp"

namespace immure::policy {

// What a guest is given, in words, for the plan of its launch; and how it ended.

/// "/boot/vmlinuz and /boot/initrd.img"
std::string images_of(const GuestRecord& guest);
/// "/var/web.raw (read-write), /dev/vg0/data (read-only)", or "none"
std::string disks_of(const GuestRecord& guest);
/// "lan (bridge br0)", or "none"
std::string nets_of(const GuestRecord& guest);

/// How a guest ended, in one word for the audit log: "shutdown", "destroyed", "crashed" or "failed".
std::string_view reason_of(ExitCode code);

}  // namespace immure::policy
