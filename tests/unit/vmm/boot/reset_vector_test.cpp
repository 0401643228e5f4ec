#include "vmm/boot/reset_vector.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

#include "vmm/boot/memory_map.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure::vmm;

TEST_CASE("reset vector: a jump to FFFF:0000 writes the reset register", "[boot]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  REQUIRE(boot::write_reset_vector(memory));
  const auto code = memory.read_object<std::array<std::uint8_t, 6>>(GuestAddress{0xffff << 4}).value();
  CHECK(code == std::array<std::uint8_t, 6>{0xba, 0x02, 0x06, 0xb0, 0x01, 0xee});
}

TEST_CASE("reset vector: the guest is told that it is not RAM", "[boot]") {
  const auto memory = GuestMemory::create(32 << 20).value();
  for (const auto& entry : boot::memory_map(memory)) {
    const bool covers =
        layout::reset_vector >= entry.start && layout::reset_vector < entry.start + entry.size;
    if (covers) CHECK(entry.type == boot::MemoryType::reserved);
  }
}
