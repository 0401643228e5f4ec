#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

/// Registers of a PCI function's configuration space: PCI Local Bus 3.0, 6.1 and 6.7; little-endian.
namespace immure::vmm::pci {

/// Type 0 header (PCI 3.0, figure 6-1).
struct ConfigHeader {
  std::uint16_t vendor_id = 0;
  std::uint16_t device_id = 0;
  std::uint16_t command = 0;
  std::uint16_t status = 0;
  std::uint8_t revision = 0;
  std::uint8_t programming_interface = 0;
  std::uint8_t subclass = 0;
  std::uint8_t base_class = 0;
  std::uint8_t cache_line_size = 0;
  std::uint8_t latency_timer = 0;
  std::uint8_t header_type = 0;
  std::uint8_t self_test = 0;
  std::array<std::uint32_t, 6> bars{};
  std::uint32_t cardbus_pointer = 0;
  std::uint16_t subsystem_vendor_id = 0;
  std::uint16_t subsystem_id = 0;
  std::uint32_t expansion_rom = 0;
  std::uint8_t capabilities = 0;
  std::array<std::uint8_t, 7> reserved{};
  std::uint8_t interrupt_line = 0;
  std::uint8_t interrupt_pin = 0;
  std::uint8_t minimum_grant = 0;
  std::uint8_t maximum_latency = 0;
};
static_assert(sizeof(ConfigHeader) == 64);
static_assert(offsetof(ConfigHeader, command) == 4);
static_assert(offsetof(ConfigHeader, bars) == 0x10);
static_assert(offsetof(ConfigHeader, subsystem_vendor_id) == 0x2c);
static_assert(offsetof(ConfigHeader, capabilities) == 0x34);
static_assert(offsetof(ConfigHeader, interrupt_line) == 0x3c);

constexpr std::uint16_t command_memory = 1U << 1;       ///< answers to memory accesses
constexpr std::uint16_t command_bus_master = 1U << 2;   ///< may access memory itself
constexpr std::uint16_t command_no_intx = 1U << 10;     ///< may not raise INTx
constexpr std::uint16_t status_capabilities = 1U << 4;  ///< has a list of capabilities

constexpr std::uint8_t header_type_multifunction = 1U << 7;

enum class CapabilityId : std::uint8_t { vendor_specific = 0x09, msix = 0x11 };

/// MSI-X capability without its two bytes of header (PCI 3.0, 6.8.2).
struct MsixCapability {
  std::uint16_t control = 0;  ///< bits 0-10: vectors - 1; 14: function mask; 15: enable
  std::uint32_t table = 0;    ///< bits 0-2: BAR; the rest: offset
  std::uint32_t pending = 0;  ///< the same for the pending bit array
} __attribute__((packed));
static_assert(sizeof(MsixCapability) == 10);

constexpr std::uint16_t msix_function_mask = 1U << 14;
constexpr std::uint16_t msix_enable = 1U << 15;

/// One entry of the MSI-X table (PCI 3.0, 6.8.2.6 to 6.8.2.9).
struct MsixEntry {
  std::uint32_t address_low = 0;
  std::uint32_t address_high = 0;
  std::uint32_t data = 0;
  std::uint32_t control = 1;  ///< bit 0: masked
};
static_assert(sizeof(MsixEntry) == 16);

constexpr std::uint32_t msix_entry_masked = 1U << 0;

}  // namespace immure::vmm::pci
