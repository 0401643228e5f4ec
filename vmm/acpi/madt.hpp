#pragma once

#include <cstdint>

#include "vmm/acpi/table_header.hpp"

namespace immure::vmm::acpi {

/// Multiple APIC description table (ACPI 6.5, 5.2.12), followed by its entries.
struct [[gnu::packed]] Madt {
  TableHeader header;
  std::uint32_t local_apic_address = 0;
  std::uint32_t flags = 0;  ///< 0: no dual 8259
};
static_assert(sizeof(Madt) == 44);

/// Processor local APIC (5.2.12.2). Its 8-bit ids are enough for 64 vCPUs; Linux uses x2APIC with them.
struct [[gnu::packed]] MadtLocalApic {
  std::uint8_t type = 0;
  std::uint8_t length = 8;
  std::uint8_t processor_uid = 0;
  std::uint8_t apic_id = 0;
  std::uint32_t flags = 1;  ///< enabled
};
static_assert(sizeof(MadtLocalApic) == 8);

/// I/O APIC (5.2.12.3).
struct [[gnu::packed]] MadtIoApic {
  std::uint8_t type = 1;
  std::uint8_t length = 12;
  std::uint8_t id = 0;
  std::uint8_t reserved = 0;
  std::uint32_t address = 0;
  std::uint32_t first_gsi = 0;
};
static_assert(sizeof(MadtIoApic) == 12);

}  // namespace immure::vmm::acpi
