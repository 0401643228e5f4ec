#include "vmm/devices/panic_port.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::vmm;

namespace {

struct Fixture {
  Ending ending = Ending::create().value();
  PanicPort port{ending};

  void write(std::uint8_t value) { port.write(0, std::array{std::byte{value}}); }
};

}  // namespace

TEST_CASE("panic port: it says which events it understands", "[devices]") {
  Fixture f;
  std::array<std::byte, 1> data{};
  f.port.read(0, data);
  CHECK(std::to_integer<int>(data[0]) == 3);
}

TEST_CASE("panic port: a panic ends the machine as crashed", "[devices]") {
  Fixture f;
  f.write(PanicPort::panicked);
  REQUIRE(f.ending.requested());
  CHECK(f.ending.requested()->status == policy::VmmExit::guest_crashed);
  CHECK(f.ending.requested()->cause == policy::EndCause::panic);
}

TEST_CASE("panic port: a guest whose crash kernel takes over goes on", "[devices]") {
  Fixture f;
  f.write(PanicPort::crash_kernel_loaded);
  f.write(0);
  f.write(0x80);
  CHECK_FALSE(f.ending.requested());
}
