#pragma once

#include "base/result.hpp"
#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm::boot {

/// Puts real-mode code at the reset vector, where firmware would have its own: it writes the reset register.
/// Linux on a hardware-reduced machine without EFI reboots by a jump there, not by the register
/// (arch/x86/kernel/reboot.c, BOOT_EFI then BOOT_BIOS).
Result<void> write_reset_vector(const GuestMemory& memory);

}  // namespace immure::vmm::boot
