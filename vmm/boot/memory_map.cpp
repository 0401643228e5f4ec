#include "vmm/boot/memory_map.hpp"

#include <array>

#include "vmm/boot/descriptor_table.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::boot {
namespace {

// Page table entries (Intel SDM vol. 3A, 4.5).
constexpr std::uint64_t page_bytes = 0x1000;
constexpr std::uint64_t large_page_bytes = 0x20'0000;
constexpr std::uint64_t present_writable = 0x3;
constexpr std::uint64_t large_page = 1U << 7;
constexpr std::size_t entries_per_table = 512;
constexpr std::uint64_t directories = 4;  // 1 GiB each

using PageTable = std::array<std::uint64_t, entries_per_table>;

}  // namespace

std::vector<MemoryMapEntry> memory_map(const GuestMemory& memory) {
  std::vector<MemoryMapEntry> map{
      {.start = 0, .size = layout::low_ram_end, .type = MemoryType::ram},
      {.start = layout::acpi_start, .size = layout::acpi_size, .type = MemoryType::acpi},
      // The reset vector's page and what is around it.
      {.start = layout::acpi_start + layout::acpi_size,
       .size = layout::kernel_area_start - layout::acpi_start - layout::acpi_size,
       .type = MemoryType::reserved},
      {.start = layout::kernel_area_start,
       .size = low_memory_end(memory) - layout::kernel_area_start,
       .type = MemoryType::ram},
      // Linux trusts the MCFG table early only where this map has the area too.
      {.start = layout::ecam_start, .size = layout::ecam_size, .type = MemoryType::reserved},
  };
  for (const auto& region : memory.regions()) {
    if (raw(region.start) < layout::high_memory_start) continue;
    map.push_back({.start = raw(region.start), .size = region.size, .type = MemoryType::ram});
  }
  return map;
}

std::uint64_t low_memory_end(const GuestMemory& memory) { return memory.regions().front().size; }

Result<void> write_long_mode_tables(const GuestMemory& memory) {
  IMMURE_TRY(memory.write_object(GuestAddress{layout::gdt_start}, descriptor_table(gdt_code64)));

  const std::uint64_t pointers = layout::page_tables_start + page_bytes;
  const std::uint64_t first_directory = pointers + page_bytes;
  PageTable table{};
  table[0] = pointers | present_writable;
  IMMURE_TRY(memory.write_object(GuestAddress{layout::page_tables_start}, table));
  for (std::uint64_t i = 0; i < directories; ++i)
    table[i] = (first_directory + i * page_bytes) | present_writable;
  IMMURE_TRY(memory.write_object(GuestAddress{pointers}, table));
  for (std::uint64_t i = 0; i < directories; ++i) {
    for (std::uint64_t j = 0; j < entries_per_table; ++j)
      table[j] = (i * entries_per_table + j) * large_page_bytes | present_writable | large_page;
    IMMURE_TRY(memory.write_object(GuestAddress{first_directory + i * page_bytes}, table));
  }
  return {};
}

Result<void> write_protected_mode_tables(const GuestMemory& memory) {
  return memory.write_object(GuestAddress{layout::gdt_start}, descriptor_table(gdt_code32));
}

}  // namespace immure::vmm::boot
