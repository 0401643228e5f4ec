#pragma once

#include <linux/kvm.h>

#include "vmm/boot/boot_entry.hpp"

namespace immure::vmm::kvm {

/// Segment and control registers for the entry mode; the rest stays as KVM resets it.
void set_entry_segments(kvm_sregs& sregs, boot::EntryMode mode);

/// General registers for the entry.
kvm_regs entry_registers(const boot::BootEntry& entry);

}  // namespace immure::vmm::kvm
