#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/rng_function_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

constexpr std::uint8_t stopped = 15 | status::needs_reset;

}  // namespace

TEST_CASE_METHOD(RunningRngFunction,
                 "hostile: a ring that breaks the protocol stops the device until it is reset",
                 "[virtio_pci][hostile]") {
  queue.set_available_index(1000);
  machine.notify(0);
  machine.run();
  CHECK(machine.status() == stopped);
  CHECK(machine.take_raised(config_vector) == 1);

  machine.set_status(15);  // no way out but a reset
  machine.notify(0);
  machine.run();
  CHECK(machine.status() == stopped);
  CHECK(queue.used_index() == 0);

  restart();
  request();
  CHECK(queue.used_index() == 1);
}

TEST_CASE_METHOD(RunningRngFunction, "hostile: queue registers changed after DRIVER_OK stop the device",
                 "[virtio_pci][hostile]") {
  machine.bar_write<std::uint64_t>(offsetof(CommonConfig, queue_desc), 0xffff'0000);
  CHECK(machine.status() == stopped);
  CHECK(machine.take_raised(config_vector) == 1);
  CHECK(machine.bar_read<std::uint64_t>(offsetof(CommonConfig, queue_desc)) == 0x10000);
  request();
  CHECK(queue.used_index() == 0);
}

TEST_CASE_METHOD(RunningRngFunction,
                 "hostile: a queue that lies outside memory stops the device at DRIVER_OK",
                 "[virtio_pci][hostile]") {
  machine.negotiate(0);
  machine.bar_write<std::uint64_t>(offsetof(CommonConfig, queue_desc), 0xffff'ffff'ffff'0000);
  machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1);
  machine.set_status(15);
  CHECK(machine.status() == stopped);
  machine.notify(0);
  machine.run();
}

TEST_CASE_METHOD(RunningRngFunction, "hostile: a reset while requests wait writes nothing afterwards",
                 "[virtio_pci][hostile]") {
  for (int i = 0; i < 10; ++i) queue.add({writable(data, 16)});
  machine.notify(0);
  machine.set_status(0);
  machine.run();
  CHECK(queue.used_index() == 0);
  CHECK(get_text(machine.memory, data, 16) == std::string(16, '\0'));
  CHECK(machine.take_raised(queue_vector(0)) == 0);
}

TEST_CASE_METHOD(RunningRngFunction, "hostile: a driver that gave up is served no more",
                 "[virtio_pci][hostile]") {
  machine.set_status(15 | status::failed);
  request();
  CHECK(queue.used_index() == 0);
}

TEST_CASE_METHOD(RunningRngFunction, "hostile: accesses between and beyond the structures of the BAR",
                 "[virtio_pci][hostile]") {
  for (std::uint64_t offset = 0; offset < bar::size; offset += 4) {
    if (offset == offsetof(CommonConfig, device_feature_select)) continue;
    const auto page = offset / bar::page * bar::page;
    if (page == bar::common && offset < sizeof(CommonConfig)) continue;
    machine.bar_write<std::uint64_t>(offset, ~0ULL);
    (void)machine.bar_read<std::uint64_t>(offset);
    (void)machine.bar_read<std::uint8_t>(offset + 3);
  }
  CHECK(machine.status() == 15);
  CHECK(machine.bar_read<std::uint32_t>(sizeof(CommonConfig)) == 0xffff'ffff);
  CHECK(machine.bar_read<std::uint32_t>(sizeof(CommonConfig) - 2) == 0xffff'ffff);
}

TEST_CASE_METHOD(RunningRngFunction,
                 "hostile: the window of the configuration space with offset and length that overflow",
                 "[virtio_pci][hostile]") {
  const auto window = machine.find_capability(pci::CapabilityId::vendor_specific, 3);
  const auto poke = [&](std::uint8_t which, std::uint32_t offset, std::uint32_t size) {
    machine.config_write(window + 4U, which);
    machine.config_write(window + 8U, offset);
    machine.config_write(window + 12U, size);
    machine.config_write<std::uint32_t>(window + 16U, 0);  // as device status: a reset
    (void)machine.config_read<std::uint32_t>(window + 16U);
  };
  constexpr std::uint32_t status_offset = offsetof(CommonConfig, device_status);
  poke(1, status_offset, 1);
  poke(0xff, status_offset, 1);
  poke(0, status_offset, 0);
  poke(0, status_offset, 3);
  poke(0, status_offset, 8);
  poke(0, status_offset, 0xffff'ffff);
  poke(0, bar::size, 1);
  poke(0, bar::size - 2, 4);
  poke(0, 0xffff'fffc, 4);
  poke(0, 0xffff'ffff, 1);
  CHECK(machine.status() == 15);
  poke(0, status_offset, 1);
  CHECK(machine.status() == 0);
}

TEST_CASE_METHOD(RunningRngFunction, "hostile: notifications of queues that do not exist",
                 "[virtio_pci][hostile]") {
  for (std::uint16_t index = 1; index < 1024; ++index) machine.notify(index);
  machine.run();
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(RunningRngFunction, "hostile: a flood of protocol errors writes few lines",
                 "[virtio_pci][hostile]") {
  // Every write is an error; the log of the device is limited (see rate_limited_log_test), and it goes on.
  for (int i = 0; i < 10000; ++i) machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_size), 16);
  CHECK(machine.status() == stopped);
  machine.set_status(0);
  CHECK(machine.status() == 0);
}
