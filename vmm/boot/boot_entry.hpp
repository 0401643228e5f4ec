#pragma once

#include <cstdint>

#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm::boot {

enum class EntryMode {
  long_mode,       ///< 64-bit, 4 GiB mapped one to one (Linux x86 boot protocol, "64-bit boot protocol")
  protected_mode,  ///< 32-bit, flat segments, no paging (Xen PVH boot ABI)
};

/// Where the first vCPU starts and what it finds.
struct BootEntry {
  EntryMode mode{};
  GuestAddress instruction{};
  GuestAddress boot_info{};  ///< RSI in long mode (zero page), EBX in protected mode (hvm_start_info)
};

}  // namespace immure::vmm::boot
