#pragma once

#include <cstdint>

namespace immure::vmm::acpi {

enum class AddressSpace : std::uint8_t { system_memory = 0, system_io = 1 };

/// Generic address structure (ACPI 6.5, 5.2.3.2).
struct [[gnu::packed]] GenericAddress {
  AddressSpace space{};
  std::uint8_t bit_width = 0;
  std::uint8_t bit_offset = 0;
  std::uint8_t access_size = 0;  ///< 1: byte, 2: word
  std::uint64_t address = 0;
};
static_assert(sizeof(GenericAddress) == 12);

/// One byte in the port space.
constexpr GenericAddress port_byte(std::uint16_t port) {
  return {
      .space = AddressSpace::system_io, .bit_width = 8, .bit_offset = 0, .access_size = 1, .address = port};
}

/// One word there.
constexpr GenericAddress port_word(std::uint16_t port) {
  return {
      .space = AddressSpace::system_io, .bit_width = 16, .bit_offset = 0, .access_size = 2, .address = port};
}

}  // namespace immure::vmm::acpi
