#pragma once

#include <cstdint>

namespace immure::vmm::boot {

/// What a PVH kernel finds at EBX (Xen's docs/misc/pvh.pandoc; xen/include/public/arch-x86/hvm/start_info.h).
struct HvmStartInfo {
  static constexpr std::uint32_t magic_value = 0x336e'c578;
  std::uint32_t magic = magic_value;
  std::uint32_t version = 1;  ///< 1: with a memory map
  std::uint32_t flags = 0;
  std::uint32_t module_count = 0;
  std::uint64_t module_list = 0;
  std::uint64_t command_line = 0;
  std::uint64_t rsdp = 0;
  std::uint64_t memory_map = 0;
  std::uint32_t memory_map_entries = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(HvmStartInfo) == 56);

struct HvmModule {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint64_t command_line = 0;
  std::uint64_t reserved = 0;
};
static_assert(sizeof(HvmModule) == 32);

struct HvmMemoryMapEntry {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint32_t type = 0;  ///< as in an E820 map
  std::uint32_t reserved = 0;
};
static_assert(sizeof(HvmMemoryMapEntry) == 24);

}  // namespace immure::vmm::boot
