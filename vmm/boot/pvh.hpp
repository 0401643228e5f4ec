#pragma once

#include "vmm/boot/boot_entry.hpp"
#include "vmm/boot/boot_request.hpp"

namespace immure::vmm::boot {

/// Loads an ELF kernel and starts it by its PVH entry (Xen's docs/misc/pvh.pandoc): no decompression in the
/// guest.
Result<BootEntry> load_pvh(const GuestMemory& memory, const BootRequest& request);

}  // namespace immure::vmm::boot
