#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm::boot {

/// Numbers of the E820 map (ACPI 6.5, 15.1), which PVH uses too.
enum class MemoryType : std::uint32_t { ram = 1, reserved = 2, acpi = 3 };

struct MemoryMapEntry {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  MemoryType type{};
};

/// What the guest is told of its physical address space, by address.
std::vector<MemoryMapEntry> memory_map(const GuestMemory& memory);

/// First address above the RAM that lies below 4 GiB.
std::uint64_t low_memory_end(const GuestMemory& memory);

/// Descriptor table and, for long mode, page tables that map the first 4 GiB one to one.
Result<void> write_long_mode_tables(const GuestMemory& memory);
Result<void> write_protected_mode_tables(const GuestMemory& memory);

}  // namespace immure::vmm::boot
