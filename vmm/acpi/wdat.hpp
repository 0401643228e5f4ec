#pragma once

#include <cstdint>

#include "vmm/acpi/generic_address.hpp"
#include "vmm/acpi/table_header.hpp"

namespace immure::vmm::acpi {

/// Watchdog action table (Microsoft, "Hardware Watchdog Timers Design Specification", 1.01), followed by its
/// entries: which register to read or write for what. Linux' wdat_wdt, which every Debian kernel has, needs
/// no more than it to drive a watchdog.
struct [[gnu::packed]] Wdat {
  TableHeader header;
  std::uint32_t header_length = 32;  ///< from here to the entries
  std::uint16_t pci_segment = 0xff;  ///< no PCI function
  std::uint8_t pci_bus = 0xff;
  std::uint8_t pci_device = 0xff;
  std::uint8_t pci_function = 0xff;
  std::uint8_t reserved_1[3]{};
  std::uint32_t timer_period = 0;  ///< milliseconds of one count
  std::uint32_t max_count = 0;
  std::uint32_t min_count = 0;
  std::uint8_t flags = 1;  ///< enabled
  std::uint8_t reserved_2[3]{};
  std::uint32_t entries = 0;
};
static_assert(sizeof(Wdat) == 36 + 32);

enum class WdatAction : std::uint8_t {
  reset = 1,
  get_current_countdown = 4,
  get_countdown = 5,
  set_countdown = 6,
  get_running_state = 8,
  set_running_state = 9,
  get_stopped_state = 10,
  set_stopped_state = 11,
};

/// read_value compares with `value`; write_value writes it; the countdowns are read or written as they are.
enum class WdatInstruction : std::uint8_t {
  read_value = 0,
  read_countdown = 1,
  write_value = 2,
  write_countdown = 3
};

struct [[gnu::packed]] WdatEntry {
  WdatAction action{};
  WdatInstruction instruction{};
  std::uint16_t reserved = 0;
  GenericAddress address;
  std::uint32_t value = 0;
  std::uint32_t mask = 0;
};
static_assert(sizeof(WdatEntry) == 24);

}  // namespace immure::vmm::acpi
