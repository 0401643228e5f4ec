#pragma once

#include "vmm/boot/boot_entry.hpp"
#include "vmm/boot/boot_request.hpp"

namespace immure::vmm::boot {

/// True where the file has the boot protocol's magic.
Result<bool> is_bzimage(const ImageFile& kernel);

/// Loads a bzImage and starts it by the 64-bit boot protocol (Linux Documentation/arch/x86/boot.rst,
/// version 2.12 or later with XLF_KERNEL_64).
Result<BootEntry> load_bzimage(const GuestMemory& memory, const BootRequest& request);

}  // namespace immure::vmm::boot
