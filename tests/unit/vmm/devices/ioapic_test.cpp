#include "vmm/devices/ioapic.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::vmm;

namespace {

class FakeSink : public InterruptSink {
 public:
  Result<void> signal(MsiMessage message) override {
    sent.push_back(message);
    return {};
  }
  Result<void> route_pin(std::uint32_t pin, std::optional<MsiMessage> message) override {
    routes.at(pin) = message;
    return {};
  }
  std::vector<MsiMessage> sent;
  std::array<std::optional<MsiMessage>, layout::ioapic_pins> routes;
};

struct Fixture {
  FakeSink sink;
  Ioapic ioapic{sink};

  void write(std::uint8_t index, std::uint32_t value) {
    store(0x00, index);
    store(0x10, value);
  }
  std::uint32_t read(std::uint8_t index) {
    store(0x00, index);
    std::uint32_t value = 0;
    ioapic.read(0x10, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  void store(std::uint64_t offset, std::uint32_t value) {
    ioapic.write(offset, std::as_bytes(std::span(&value, 1)));
  }
};

constexpr std::uint8_t low_of(std::uint8_t pin) { return static_cast<std::uint8_t>(0x10 + 2 * pin); }
constexpr std::uint8_t high_of(std::uint8_t pin) { return static_cast<std::uint8_t>(0x11 + 2 * pin); }
constexpr std::uint32_t level = 1U << 15;
constexpr std::uint32_t masked = 1U << 16;

}  // namespace

TEST_CASE("IOAPIC: every pin is masked at reset", "[devices]") {
  Fixture f;
  for (std::uint8_t pin = 0; pin < layout::ioapic_pins; ++pin) CHECK(f.read(low_of(pin)) == masked);
  f.ioapic.set_line(4, LineLevel::high);
  CHECK(f.sink.sent.empty());
}

TEST_CASE("IOAPIC: a rising edge sends the message that the guest programmed, once", "[devices]") {
  Fixture f;
  f.write(high_of(4), 3U << 24);
  f.write(low_of(4), 0x31);
  f.ioapic.set_line(4, LineLevel::high);
  f.ioapic.set_line(4, LineLevel::high);
  REQUIRE(f.sink.sent.size() == 1);
  CHECK(f.sink.sent[0].address == 0xfee0'3000);
  CHECK(f.sink.sent[0].data == 0x31);
  f.ioapic.set_line(4, LineLevel::low);
  f.ioapic.set_line(4, LineLevel::high);
  CHECK(f.sink.sent.size() == 2);
}

TEST_CASE("IOAPIC: a level is sent again only after its end, while it lasts", "[devices]") {
  Fixture f;
  f.write(low_of(5), 0x40 | level);
  REQUIRE(f.sink.routes[5]);
  f.ioapic.set_line(5, LineLevel::high);
  CHECK(f.sink.sent.size() == 1);
  f.ioapic.end_of_interrupt(0x40);
  CHECK(f.sink.sent.size() == 2);
  f.ioapic.set_line(5, LineLevel::low);
  f.ioapic.end_of_interrupt(0x40);
  CHECK(f.sink.sent.size() == 2);
  CHECK((f.read(low_of(5)) & (1U << 14)) == 0);
}

TEST_CASE("IOAPIC: the kernel is told of level-triggered pins only, and no more once they are masked",
          "[devices]") {
  Fixture f;
  f.write(low_of(4), 0x31);
  CHECK_FALSE(f.sink.routes[4]);
  f.write(low_of(4), 0x31 | level);
  CHECK(f.sink.routes[4]);
  f.write(low_of(4), 0x31 | level | masked);
  CHECK_FALSE(f.sink.routes[4]);
}

TEST_CASE("IOAPIC: a level that came while the pin was masked is not lost", "[devices]") {
  Fixture f;
  f.write(low_of(5), 0x40 | level | masked);
  f.ioapic.set_line(5, LineLevel::high);
  CHECK(f.sink.sent.empty());
  f.write(low_of(5), 0x40 | level);
  CHECK(f.sink.sent.size() == 1);
}

TEST_CASE("IOAPIC: registers, pins and offsets that do not exist do nothing", "[devices]") {
  Fixture f;
  for (unsigned index = 0x40; index <= 0xff; ++index) {
    f.write(static_cast<std::uint8_t>(index), 0x31);
    CHECK(f.read(static_cast<std::uint8_t>(index)) == 0);
  }
  f.ioapic.set_line(layout::ioapic_pins, LineLevel::high);
  f.store(0xffc, 1);
  std::array<std::byte, 8> wide{};
  f.ioapic.read(0x10, wide);
  CHECK(f.sink.sent.empty());
}

TEST_CASE("IOAPIC: the guest cannot write the read-only bits", "[devices]") {
  Fixture f;
  f.write(low_of(5), 0x40 | level | (1U << 14) | (1U << 12));
  CHECK(f.read(low_of(5)) == (0x40 | level));
}
