#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "vmm/acpi/generic_address.hpp"
#include "vmm/acpi/table_header.hpp"

namespace immure::vmm::acpi {

/// Fixed ACPI description table, revision 6.5 (ACPI 6.5, 5.2.9). Everything of the fixed hardware model is
/// zero: the machine is hardware-reduced.
struct [[gnu::packed]] Fadt {
  TableHeader header;
  std::uint32_t firmware_control = 0;
  std::uint32_t dsdt = 0;
  std::uint8_t reserved_model = 0;
  std::uint8_t preferred_profile = 0;
  std::array<std::uint8_t, 63> fixed_hardware{};  ///< SCI_INT to CENTURY
  std::uint16_t boot_architecture = 0;            ///< IA-PC boot flags
  std::uint8_t reserved_1 = 0;
  std::uint32_t flags = 0;
  GenericAddress reset_register;
  std::uint8_t reset_value = 0;
  std::uint16_t arm_boot_architecture = 0;
  std::uint8_t minor_version = 5;
  std::uint64_t extended_firmware_control = 0;
  std::uint64_t extended_dsdt = 0;
  std::array<std::uint8_t, 8 * sizeof(GenericAddress)>
      fixed_hardware_blocks{};  ///< X_PM1a_EVT_BLK to X_GPE1_BLK
  GenericAddress sleep_control;
  GenericAddress sleep_status;
  std::array<char, 8> hypervisor_vendor{'I', 'M', 'M', 'U', 'R', 'E', 0, 0};
};
static_assert(offsetof(Fadt, boot_architecture) == 109);
static_assert(offsetof(Fadt, flags) == 112);
static_assert(offsetof(Fadt, reset_register) == 116);
static_assert(offsetof(Fadt, extended_dsdt) == 140);
static_assert(offsetof(Fadt, sleep_control) == 244);
static_assert(sizeof(Fadt) == 276);

// IA-PC boot architecture flags (5.2.9.3). The 8042 and "legacy devices" bits stay 0: not there. The bit that
// would forbid MSI stays 0 too.
constexpr std::uint16_t boot_no_vga = 1U << 2;
constexpr std::uint16_t boot_no_aspm = 1U << 4;
constexpr std::uint16_t boot_no_cmos_clock = 1U << 5;

// Fixed feature flags (table 5.10).
constexpr std::uint32_t flag_wbinvd = 1U << 0;
constexpr std::uint32_t flag_no_fixed_power_button = 1U << 4;
constexpr std::uint32_t flag_no_fixed_sleep_button = 1U << 5;
constexpr std::uint32_t flag_reset_register = 1U << 10;
constexpr std::uint32_t flag_hardware_reduced = 1U << 20;

}  // namespace immure::vmm::acpi
