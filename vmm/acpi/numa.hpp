#pragma once

#include <cstdint>

#include "vmm/acpi/table_header.hpp"

namespace immure::vmm::acpi {

/// System resource affinity table (ACPI 6.5, 5.2.16), followed by its entries.
struct [[gnu::packed]] Srat {
  TableHeader header;
  std::uint32_t reserved_1 = 1;
  std::uint64_t reserved_2 = 0;
};
static_assert(sizeof(Srat) == 48);

/// Processor local APIC affinity (5.2.16.1).
struct [[gnu::packed]] SratLocalApic {
  std::uint8_t type = 0;
  std::uint8_t length = 16;
  std::uint8_t node = 0;  ///< bits 0 to 7
  std::uint8_t apic_id = 0;
  std::uint32_t flags = 1;   ///< enabled
  std::uint32_t unused = 0;  ///< of Itanium, and more bits of the node
  std::uint32_t clock_domain = 0;
};
static_assert(sizeof(SratLocalApic) == 16);

/// Memory affinity (5.2.16.2).
struct [[gnu::packed]] SratMemory {
  std::uint8_t type = 1;
  std::uint8_t length = 40;
  std::uint32_t node = 0;
  std::uint16_t reserved_1 = 0;
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  std::uint32_t reserved_2 = 0;
  std::uint32_t flags = 1;  ///< enabled
  std::uint64_t reserved_3 = 0;
};
static_assert(sizeof(SratMemory) == 40);

/// System locality information table (5.2.17), followed by the distance of each node from each.
struct [[gnu::packed]] Slit {
  TableHeader header;
  std::uint64_t nodes = 0;
};
static_assert(sizeof(Slit) == 44);

constexpr std::uint8_t distance_local = 10;  ///< 5.2.17: by definition
constexpr std::uint8_t distance_remote = 20;

}  // namespace immure::vmm::acpi
