#pragma once

#include <cstdint>

/// Where everything lies in the guest-physical address space and in its ports. acpi/dsdt.asl repeats some of
/// these numbers; a unit test compares them.
namespace immure::vmm::layout {

constexpr std::uint64_t low_memory_end = 0xc000'0000;  ///< RAM up to here; the rest starts at 4 GiB
constexpr std::uint64_t high_memory_start = 0x1'0000'0000;

constexpr std::uint64_t pci_window_start = 0xc000'0000;  ///< BARs
constexpr std::uint64_t pci_window_size = 0x1000'0000;
constexpr std::uint64_t ecam_start = 0xe000'0000;  ///< bus 0 only: 1 MiB
constexpr std::uint64_t ecam_size = 0x10'0000;
constexpr std::uint64_t ioapic_start = 0xfec0'0000;
constexpr std::uint64_t ioapic_size = 0x1000;
constexpr std::uint64_t local_apic_start = 0xfee0'0000;
constexpr std::uint64_t kvm_identity_map = 0xfffb'c000;  ///< one page that KVM uses on some Intel hosts
constexpr std::uint64_t kvm_tss = 0xfffb'd000;           ///< three more

// What the boot loader leaves in low memory. The guest's kernel lies at 1 MiB or above.
constexpr std::uint64_t gdt_start = 0x500;
constexpr std::uint64_t boot_info_start = 0x7000;    ///< zero page (bzImage) or hvm_start_info (PVH)
constexpr std::uint64_t page_tables_start = 0x9000;  ///< six pages: 4 GiB mapped one to one
constexpr std::uint64_t command_line_start = 0x2'0000;
constexpr std::uint64_t low_ram_end = 0x9'fc00;  ///< as on every PC; the rest up to 1 MiB is not RAM
constexpr std::uint64_t acpi_start = 0xe'0000;   ///< RSDP first, then the tables
constexpr std::uint64_t acpi_size = 0x1'0000;
constexpr std::uint64_t reset_vector = 0xf'fff0;  ///< FFFF:0000 in real mode
constexpr std::uint64_t kernel_area_start = 0x10'0000;

constexpr std::uint16_t serial_port = 0x3f8;  ///< COM1
constexpr std::uint16_t serial_port_count = 8;
constexpr std::uint16_t panic_port = 0x505;  ///< pvpanic
constexpr std::uint16_t power_port = 0x600;  ///< ACPI sleep control, sleep status, reset, event select
constexpr std::uint16_t power_port_count = 8;
constexpr std::uint16_t watchdog_port = 0x610;
constexpr std::uint16_t watchdog_port_count = 8;

constexpr std::uint32_t serial_irq = 4;
constexpr std::uint32_t event_irq = 5;     ///< ACPI generic event device
constexpr std::uint32_t ioapic_pins = 24;  ///< GSIs 0-23; MSI-X vectors take GSIs from 24 up

}  // namespace immure::vmm::layout
