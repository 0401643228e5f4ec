#include "vmm/pci/pci_root.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/io.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;

namespace {

constexpr std::uint64_t bar0 = offsetof(pci::ConfigHeader, bars);
constexpr std::uint64_t command = offsetof(pci::ConfigHeader, command);

/// Remembers what reached it.
class TestDevice final : public PciDevice {
 public:
  explicit TestDevice(std::uint32_t size = 0x4000) : PciDevice({.vendor_id = 0x1234, .device_id = 1}, size) {}
  void read_bar(std::uint64_t offset, std::span<std::byte> data) override {
    std::ranges::fill(data, std::byte(offset));
  }
  void write_bar(std::uint64_t offset, std::span<const std::byte> /*data*/) override { written_at = offset; }
  void bar_moved(std::optional<GuestAddress> start) override { moves.push_back(start ? raw(*start) : 0); }
  Result<void> shut_down() override {
    ++shut_downs;
    if (fails) return invalid("no");
    return {};
  }

  std::uint64_t written_at = ~0ULL;
  std::vector<std::uint64_t> moves;
  int shut_downs = 0;
  bool fails = false;
};

struct Fixture {
  PciRoot root;

  TestDevice* add(std::uint32_t size = 0x4000) {
    auto device = std::make_unique<TestDevice>(size);
    auto* const pointer = device.get();
    REQUIRE(root.add(std::move(device)));
    return pointer;
  }
  template <typename T>
  T config_read(std::uint64_t slot, std::uint64_t offset) {
    T value{};
    root.ecam().read(slot << 15 | offset, writable_bytes_of(value));
    return value;
  }
  template <typename T>
  void config_write(std::uint64_t slot, std::uint64_t offset, T value) {
    root.ecam().write(slot << 15 | offset, bytes_of(value));
  }
  std::uint32_t window_read(std::uint64_t offset) {
    std::uint32_t value = 0;
    root.window().read(offset, writable_bytes_of(value));
    return value;
  }
};

constexpr std::uint16_t memory_on = pci::command_memory;

}  // namespace

TEST_CASE_METHOD(Fixture, "the host bridge is at 00:00.0 and empty slots read as ones", "[pci]") {
  CHECK(config_read<std::uint16_t>(0, 10) == 0x0600);
  CHECK(config_read<std::uint32_t>(1, 0) == 0xffff'ffff);
  add();
  CHECK(config_read<std::uint32_t>(1, 0) == 0x0001'1234);
  CHECK(config_read<std::uint32_t>(1, 1 << 12) == 0xffff'ffff);  // function 1
}

TEST_CASE_METHOD(Fixture, "every BAR is placed in the window, aligned to its size", "[pci]") {
  add(0x1000);
  add(0x8000);
  add(0x1000);
  CHECK(config_read<std::uint32_t>(1, bar0) == layout::pci_window_start);
  CHECK(config_read<std::uint32_t>(2, bar0) == layout::pci_window_start + 0x8000);
  CHECK(config_read<std::uint32_t>(3, bar0) == layout::pci_window_start + 0x10000);
}

TEST_CASE_METHOD(Fixture, "a BAR tells its size", "[pci]") {
  add(0x4000);
  config_write(1, bar0, 0xffff'ffffU);
  CHECK(config_read<std::uint32_t>(1, bar0) == 0xffff'c000);
  CHECK(config_read<std::uint32_t>(1, bar0 + 4) == 0);
  config_write(1, bar0 + 4, 0xffff'ffffU);
  CHECK(config_read<std::uint32_t>(1, bar0 + 4) == 0);
}

TEST_CASE_METHOD(Fixture, "a BAR answers only while memory decoding is on", "[pci]") {
  const auto* const device = add();
  CHECK(window_read(4) == 0xffff'ffff);
  config_write(1, command, memory_on);
  CHECK(window_read(4) == 0x0404'0404);
  config_write<std::uint16_t>(1, command, 0);
  CHECK(window_read(4) == 0xffff'ffff);
  CHECK(device->moves == std::vector<std::uint64_t>{layout::pci_window_start, 0});
}

TEST_CASE_METHOD(Fixture, "a BAR answers where the guest moved it", "[pci]") {
  auto* const device = add();
  config_write(1, command, memory_on);
  config_write(1, bar0, static_cast<std::uint32_t>(layout::pci_window_start + 0x10'0000));
  CHECK(window_read(8) == 0xffff'ffff);
  CHECK(window_read(0x10'0008) == 0x0808'0808);
  CHECK(device->moves ==
        std::vector<std::uint64_t>{layout::pci_window_start, layout::pci_window_start + 0x10'0000});
  root.window().write(0x10'0010, bytes_of(1U));
  CHECK(device->written_at == 0x10);
}

TEST_CASE_METHOD(Fixture, "hostile: a BAR outside the window answers nowhere", "[pci][hostile]") {
  const auto* const device = add();
  config_write(1, command, memory_on);
  for (const std::uint32_t start :
       {0x0U, 0x10'0000U, 0xbfff'c000U, 0xd000'0000U, 0xe000'0000U, 0xfee0'0000U, 0xffff'c000U}) {
    config_write(1, bar0, start);
    CHECK(device->moves.back() == 0);
  }
  config_write(1, bar0, 0xcfff'c000U);  // the last place
  CHECK(device->moves.back() == 0xcfff'c000);
}

TEST_CASE_METHOD(Fixture, "hostile: an access that crosses the end of a BAR reaches nobody",
                 "[pci][hostile]") {
  auto* const device = add(0x1000);
  config_write(1, command, memory_on);
  CHECK(window_read(0xffe) == 0xffff'ffff);
  root.window().write(0xffe, bytes_of(1U));
  CHECK(device->written_at == ~0ULL);
  CHECK(window_read(0xffc) == 0xfcfc'fcfc);
}

TEST_CASE_METHOD(Fixture, "hostile: an access that crosses into another function", "[pci][hostile]") {
  add();
  std::uint64_t value = 0;
  root.ecam().read((1ULL << 15) - 4, writable_bytes_of(value));
  CHECK(value == ~0ULL);
  root.ecam().write((1ULL << 15) - 4, bytes_of(~0ULL));
  CHECK(config_read<std::uint16_t>(1, command) == 0);
}

TEST_CASE_METHOD(Fixture, "the bus takes 31 devices and the window what fits", "[pci]") {
  for (int i = 0; i < 31; ++i) add();
  CHECK_FALSE(root.add(std::make_unique<TestDevice>()));

  PciRoot other;
  CHECK(other.add(std::make_unique<TestDevice>(0x800'0000)));
  CHECK(other.add(std::make_unique<TestDevice>(0x800'0000)));
  CHECK_FALSE(other.add(std::make_unique<TestDevice>(0x1000)));
}

TEST_CASE_METHOD(Fixture, "more devices share slots, eight in each, in the order in which they came",
                 "[pci]") {
  const auto vendor_at = [this](std::uint64_t slot, std::uint64_t function) {
    std::uint16_t vendor = 0;
    root.ecam().read(slot << 15 | function << 12, writable_bytes_of(vendor));
    return vendor;
  };
  constexpr auto header_type = offsetof(pci::ConfigHeader, header_type);
  root.share_slots();
  for (int i = 0; i < 9; ++i) add();
  CHECK(vendor_at(0, 0) == 0x1b36);
  CHECK(vendor_at(0, 1) == 0xffff);
  for (std::uint64_t function = 0; function < 8; ++function) CHECK(vendor_at(1, function) == 0x1234);
  CHECK(vendor_at(2, 0) == 0x1234);
  CHECK(vendor_at(2, 1) == 0xffff);
  CHECK(vendor_at(3, 0) == 0xffff);
  CHECK(config_read<std::uint8_t>(0, header_type) == 0);
  CHECK(config_read<std::uint8_t>(1, header_type) == 0x80);
  CHECK(config_read<std::uint8_t>(1, 1 << 12 | header_type) == 0);
  // The second function of slot 1 has the second BAR.
  CHECK(config_read<std::uint32_t>(1, 1 << 12 | bar0) == layout::pci_window_start + 0x4000);
  for (int i = 9; i < 248; ++i) add();
  CHECK(vendor_at(31, 7) == 0x1234);
  CHECK_FALSE(root.add(std::make_unique<TestDevice>()));
}

TEST_CASE_METHOD(Fixture, "a device with a slot of its own is no function among others", "[pci]") {
  add();
  CHECK(config_read<std::uint8_t>(1, offsetof(pci::ConfigHeader, header_type)) == 0);
  CHECK(config_read<std::uint16_t>(1, 1 << 12) == 0xffff);
}

TEST_CASE_METHOD(Fixture, "every device is shut down even where one fails", "[pci]") {
  auto* const first = add();
  auto* const second = add();
  first->fails = true;
  CHECK_FALSE(root.shut_down());
  CHECK(first->shut_downs == 1);
  CHECK(second->shut_downs == 1);
}
