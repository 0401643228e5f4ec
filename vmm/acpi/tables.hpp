#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "policy/guest_record.hpp"
#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm::acpi {

/// What the tables say of the machine beside machine_layout.hpp.
struct Platform {
  std::uint32_t vcpus = 1;
  policy::Switch serial{};
};

/// The bytes from layout::acpi_start on: RSDP, then XSDT, FADT, DSDT, MADT, MCFG and, where there is a serial
/// port, SSDT; all checksums right, each table on an 8-byte boundary.
std::vector<std::byte> build_tables(const Platform& platform);

/// Puts them into the guest; yields the address of the RSDP.
Result<GuestAddress> write_tables(const GuestMemory& memory, const Platform& platform);

}  // namespace immure::vmm::acpi
