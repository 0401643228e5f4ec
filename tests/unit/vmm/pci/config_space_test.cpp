#include "vmm/pci/config_space.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/io.hpp"

using namespace immure;
using namespace immure::vmm::pci;

namespace {

template <typename T>
T read(const ConfigSpace& space, std::uint64_t offset) {
  T value{};
  space.read(offset, writable_bytes_of(value));
  return value;
}

}  // namespace

TEST_CASE("the guest changes only the bits that are writable", "[config_space]") {
  ConfigSpace space({.vendor_id = 0x1af4, .device_id = 0x1042});
  space.write(0, bytes_of(0xffff'ffffU));
  CHECK(read<std::uint32_t>(space, 0) == 0x1042'1af4);
  space.write(offsetof(ConfigHeader, command), bytes_of(std::uint16_t{0xffff}));
  CHECK(read<std::uint16_t>(space, offsetof(ConfigHeader, command)) ==
        (command_memory | command_bus_master | command_no_intx));
}

TEST_CASE("capabilities are linked in order and say so in the status", "[config_space]") {
  ConfigSpace space({});
  CHECK(read<std::uint16_t>(space, offsetof(ConfigHeader, status)) == 0);
  const std::array<std::byte, 5> body{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}, std::byte{5}};
  const auto first = space.add_capability(CapabilityId::vendor_specific, body);
  const auto second = space.add_capability(CapabilityId::msix, body);
  CHECK(first == 0x40);
  CHECK(second == 0x48);
  CHECK((read<std::uint16_t>(space, offsetof(ConfigHeader, status)) & status_capabilities) != 0);
  CHECK(read<std::uint8_t>(space, offsetof(ConfigHeader, capabilities)) == first);
  CHECK(read<std::uint8_t>(space, first + 1U) == second);
  CHECK(read<std::uint8_t>(space, second + 1U) == 0);
  CHECK(read<std::uint8_t>(space, second + 2U) == 1);
}

TEST_CASE("hostile: configuration space offset and length overflow", "[config_space][hostile]") {
  ConfigSpace space({.vendor_id = 0x1af4});
  space.set_writable<std::uint32_t>(252, ~0U);
  for (const std::uint64_t offset : {253ULL, 256ULL, 4092ULL, ~0ULL, ~0ULL - 3}) {
    space.write(offset, bytes_of(0x1234'5678U));
    CHECK(read<std::uint32_t>(space, offset) == 0);
  }
  CHECK(read<std::uint32_t>(space, 252) == 0);
  CHECK(read<std::uint64_t>(space, 249) == 0);
}
