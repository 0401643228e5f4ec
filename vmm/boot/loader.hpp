#pragma once

#include "vmm/boot/boot_entry.hpp"
#include "vmm/boot/boot_request.hpp"

namespace immure::vmm::boot {

/// Loads kernel, initrd and command line into fresh guest memory. The kernel's format (bzImage or ELF) is
/// told by its magic. An Error says what is wrong with which image; nothing has run then.
Result<BootEntry> load(const GuestMemory& memory, const BootRequest& request);

}  // namespace immure::vmm::boot
