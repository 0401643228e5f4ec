#include "vmm/devices/io_bus.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <catch2/catch_test_macros.hpp>

using namespace immure::vmm;

namespace {

class Recorder : public IoHandler {
 public:
  void read(std::uint64_t offset, std::span<std::byte> data) override {
    last_offset = offset;
    std::ranges::fill(data, std::byte{0x11});
  }
  void write(std::uint64_t offset, std::span<const std::byte> /*data*/) override { last_offset = offset; }
  std::uint64_t last_offset = 999;
};

}  // namespace

TEST_CASE("I/O bus: an access reaches the handler with its offset in the range", "[devices]") {
  IoBus bus;
  Recorder low;
  Recorder high;
  REQUIRE(bus.add(0x200, 16, high));
  REQUIRE(bus.add(0x100, 16, low));
  std::array<std::byte, 2> data{};
  bus.read(0x10e, data);
  CHECK(low.last_offset == 14);
  CHECK(data[0] == std::byte{0x11});
  bus.write(0x200, data);
  CHECK(high.last_offset == 0);
}

TEST_CASE("I/O bus: reads of nothing give ones", "[devices]") {
  IoBus bus;
  Recorder handler;
  REQUIRE(bus.add(0x100, 16, handler));
  for (const std::uint64_t address : {0xffULL, 0x110ULL, ~0ULL}) {
    std::array<std::byte, 4> data{};
    bus.read(address, data);
    CHECK(data[3] == std::byte{0xff});
  }
  CHECK(handler.last_offset == 999);
}

TEST_CASE("I/O bus: an access that crosses the end of a range reaches nobody", "[devices]") {
  IoBus bus;
  Recorder handler;
  REQUIRE(bus.add(0x100, 16, handler));
  const std::array<std::byte, 4> data{};
  bus.write(0x10d, data);
  CHECK(handler.last_offset == 999);
}

TEST_CASE("I/O bus: ranges that overlap, wrap or are empty are refused", "[devices]") {
  IoBus bus;
  Recorder handler;
  REQUIRE(bus.add(0x100, 16, handler));
  CHECK_FALSE(bus.add(0x10f, 1, handler));
  CHECK_FALSE(bus.add(0xff, 2, handler));
  CHECK_FALSE(bus.add(0x80, 0x1000, handler));
  CHECK_FALSE(bus.add(0x1000, 0, handler));
  CHECK_FALSE(bus.add(std::numeric_limits<std::uint64_t>::max(), 2, handler));
  CHECK(bus.add(0x110, 1, handler));
}
