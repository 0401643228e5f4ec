#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "policy/guest_record.hpp"
#include "vmm/memory/guest_memory.hpp"
#include "vmm/memory/numa_ranges.hpp"

namespace immure::vmm::acpi {

/// What the tables say of the machine beside machine_layout.hpp.
struct Platform {
  std::vector<std::uint8_t> apic_ids;  ///< of the vCPUs, in their order
  policy::Switch serial{};
  policy::Switch watchdog{};
  std::vector<NumaRange> memory{};  ///< by node; none: the guest is told of no nodes
};

/// The bytes from layout::acpi_start on: RSDP, then XSDT, FADT, DSDT, MADT, MCFG and, where there is a serial
/// port, SSDT, where there is a watchdog, WDAT, and where there are nodes, SRAT and SLIT; all checksums
/// right, each table on an 8-byte boundary.
std::vector<std::byte> build_tables(const Platform& platform);

/// Puts them into the guest; yields the address of the RSDP.
Result<GuestAddress> write_tables(const GuestMemory& memory, const Platform& platform);

}  // namespace immure::vmm::acpi
