#include "vmm/devices/power.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/devices/line_recorder.hpp"

using namespace immure;
using namespace immure::vmm;
using policy::VmmExit;

namespace {

struct Fixture {
  Ending ending = Ending::create().value();
  test::LineRecorder line;
  Power power{ending, line};

  void write(std::uint64_t offset, std::uint8_t value) { power.write(offset, std::array{std::byte{value}}); }
  unsigned read(std::uint64_t offset) {
    std::array<std::byte, 1> data{};
    power.read(offset, data);
    return std::to_integer<unsigned>(data[0]);
  }
};

}  // namespace

TEST_CASE("power: soft off ends the machine as powered off", "[devices]") {
  Fixture f;
  f.write(Power::sleep_control_offset, (5U << 2) | (1U << 5));
  REQUIRE(f.ending.requested());
  CHECK(f.ending.requested()->status == VmmExit::powered_off);
}

TEST_CASE("power: other sleep states, and a type without the enable bit, do nothing", "[devices]") {
  Fixture f;
  f.write(Power::sleep_control_offset, 5U << 2);
  f.write(Power::sleep_control_offset, (3U << 2) | (1U << 5));
  f.write(Power::sleep_status_offset, 0x80);
  f.write(7, 0xff);
  CHECK_FALSE(f.ending.requested());
}

TEST_CASE("power: the reset register takes its one value", "[devices]") {
  Fixture f;
  f.write(Power::reset_offset, Power::reset_value + 1);
  CHECK_FALSE(f.ending.requested());
  f.write(Power::reset_offset, Power::reset_value);
  REQUIRE(f.ending.requested());
  CHECK(f.ending.requested()->status == VmmExit::guest_reset);
}

TEST_CASE("power: the first end that is asked for is the one that happens", "[devices]") {
  Fixture f;
  f.write(Power::reset_offset, Power::reset_value);
  f.write(Power::sleep_control_offset, (5U << 2) | (1U << 5));
  CHECK(f.ending.requested()->status == VmmExit::guest_reset);
}

TEST_CASE("power: the button raises the event line until the guest has read why", "[devices]") {
  Fixture f;
  CHECK(f.read(Power::event_select_offset) == 0);
  f.power.press_button();
  CHECK(f.line.level == LineLevel::high);
  CHECK(f.read(Power::event_select_offset) == Power::event_power_button);
  CHECK(f.line.level == LineLevel::low);
  CHECK(f.read(Power::event_select_offset) == 0);
  CHECK_FALSE(f.ending.requested());
}
