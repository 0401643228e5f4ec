#pragma once

#include <array>
#include <cstdint>

namespace immure::vmm::acpi {

/// Root system description pointer, revision 2 (ACPI 6.5, 5.2.5.3).
struct [[gnu::packed]] Rsdp {
  std::array<char, 8> signature{'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '};
  std::uint8_t checksum = 0;  ///< of the first 20 bytes
  std::array<char, 6> oem_id{'I', 'M', 'M', 'U', 'R', 'E'};
  std::uint8_t revision = 2;
  std::uint32_t rsdt_address = 0;  ///< none
  std::uint32_t length = 36;
  std::uint64_t xsdt_address = 0;
  std::uint8_t extended_checksum = 0;  ///< of all 36
  std::array<std::uint8_t, 3> reserved{};
};
static_assert(sizeof(Rsdp) == 36);

}  // namespace immure::vmm::acpi
