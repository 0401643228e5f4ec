#pragma once

#include <array>
#include <cstdint>

namespace immure::vmm::boot {

// The global descriptor table that both entry modes start with: the Linux boot protocol wants code at
// selector 0x10 and data at 0x18; PVH wants flat segments and a 32-bit task segment. Intel SDM vol. 3A, 3.4.5
// and 7.2.2.
constexpr std::uint64_t gdt_code64 = 0x00af'9b00'0000'ffff;
constexpr std::uint64_t gdt_code32 = 0x00cf'9b00'0000'ffff;
constexpr std::uint64_t gdt_data = 0x00cf'9300'0000'ffff;
constexpr std::uint64_t gdt_task = 0x0000'8b00'0000'0067;

constexpr std::uint16_t selector_code = 0x10;
constexpr std::uint16_t selector_data = 0x18;
constexpr std::uint16_t selector_task = 0x20;

/// The table itself, with the code segment of the entry mode.
constexpr std::array<std::uint64_t, 5> descriptor_table(std::uint64_t code) {
  return {0, 0, code, gdt_data, gdt_task};
}
constexpr std::uint16_t gdt_bytes = 5 * sizeof(std::uint64_t);

}  // namespace immure::vmm::boot
