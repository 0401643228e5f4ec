#pragma once

#include <cstdint>

#include "vmm/acpi/table_header.hpp"

namespace immure::vmm::acpi {

/// PCI Express memory-mapped configuration space (PCI Firmware Specification 3.3, 4.1.2), one segment.
struct [[gnu::packed]] Mcfg {
  TableHeader header;
  std::uint64_t reserved_1 = 0;
  std::uint64_t ecam_address = 0;
  std::uint16_t segment = 0;
  std::uint8_t first_bus = 0;
  std::uint8_t last_bus = 0;
  std::uint32_t reserved_2 = 0;
};
static_assert(sizeof(Mcfg) == 60);

}  // namespace immure::vmm::acpi
