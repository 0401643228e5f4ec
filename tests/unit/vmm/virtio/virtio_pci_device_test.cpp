#include "vmm/virtio/virtio_pci_device.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/block_fixture.hpp"
#include "tests/unit/vmm/virtio/rng_function_fixture.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

TEST_CASE_METHOD(RngFunction, "a device shows itself as a modern virtio function", "[virtio_pci]") {
  CHECK(machine.config_read<std::uint32_t>(0) == 0x1044'1af4);
  CHECK(machine.config_read<std::uint8_t>(8) == 1);
  CHECK(machine.config_read<std::uint8_t>(offsetof(pci::ConfigHeader, interrupt_pin)) == 0);
  const auto msix = machine.find_capability(pci::CapabilityId::msix);
  REQUIRE(msix != 0);
  CHECK(machine.config_read<std::uint16_t>(msix + 2U) == 1);  // two vectors
  CHECK(machine.config_read<std::uint32_t>(msix + 4U) == bar::msix_table);
  CHECK(machine.config_read<std::uint32_t>(msix + 8U) == bar::msix_pending);
}

TEST_CASE_METHOD(RngFunction, "the capabilities say where each structure lies", "[virtio_pci]") {
  const auto check = [&](unsigned n, VirtioCapability type, std::uint32_t offset, std::uint32_t size) {
    const auto at = machine.find_capability(pci::CapabilityId::vendor_specific, n);
    REQUIRE(at != 0);
    CHECK(machine.config_read<VirtioCapability>(at + 3U) == type);
    CHECK(machine.config_read<std::uint8_t>(at + 4U) == 0);
    CHECK(machine.config_read<std::uint32_t>(at + 8U) == offset);
    CHECK(machine.config_read<std::uint32_t>(at + 12U) == size);
  };
  check(0, VirtioCapability::common, bar::common, sizeof(CommonConfig));
  check(1, VirtioCapability::notify, bar::notify, bar::notify_multiplier);
  check(2, VirtioCapability::isr, bar::isr, 1);
  check(3, VirtioCapability::pci_access, 0, 0);
  const auto notify = machine.find_capability(pci::CapabilityId::vendor_specific, 1);
  CHECK(machine.config_read<std::uint32_t>(notify + 16U) == bar::notify_multiplier);
}

TEST_CASE_METHOD(RngFunction, "a request is served on the event loop and interrupts the driver",
                 "[virtio_pci]") {
  start();
  queue.add({writable(data, 16)});
  machine.notify(0);
  CHECK(queue.used_index() == 0);
  machine.run();
  CHECK(queue.used_index() == 1);
  CHECK(machine.take_raised(queue_vector(0)) == 1);
  CHECK(machine.take_raised(config_vector) == 0);
}

TEST_CASE_METHOD(RngFunction, "chains that were there before DRIVER_OK are served", "[virtio_pci]") {
  machine.enable_pci();
  machine.negotiate(feature::event_index);
  machine.enable_queue(0, queue);
  queue.add({writable(data, 16)});
  machine.notify(0);
  machine.run();
  CHECK(queue.used_index() == 0);
  machine.set_status(15);
  machine.run();
  CHECK(queue.used_index() == 1);
}

TEST_CASE_METHOD(RngFunction, "doorbells follow the BAR and memory decoding", "[virtio_pci]") {
  constexpr auto bar0 = offsetof(pci::ConfigHeader, bars);
  constexpr auto command = offsetof(pci::ConfigHeader, command);
  const auto address = [](std::uint64_t start) { return start + bar::notify; };
  CHECK(machine.events.doorbells.empty());
  machine.config_write<std::uint16_t>(command, pci::command_memory);
  REQUIRE(machine.events.doorbells.size() == 1);
  CHECK(machine.events.doorbells.contains(address(layout::pci_window_start)));

  machine.config_write(bar0, static_cast<std::uint32_t>(layout::pci_window_start + 0x10000));
  REQUIRE(machine.events.doorbells.size() == 1);
  CHECK(machine.events.doorbells.contains(address(layout::pci_window_start + 0x10000)));

  machine.config_write(bar0, 0xffff'ffffU);
  CHECK(machine.events.doorbells.empty());
  machine.config_write(bar0, static_cast<std::uint32_t>(layout::pci_window_start));
  CHECK(machine.events.doorbells.size() == 1);
  machine.config_write<std::uint16_t>(command, 0);
  CHECK(machine.events.doorbells.empty());
}

TEST_CASE_METHOD(RngFunction, "a notification works where the kernel does not watch the doorbell",
                 "[virtio_pci]") {
  machine.events.refuse_doorbells = true;
  start();
  request();
  CHECK(queue.used_index() == 1);
}

TEST_CASE_METHOD(RngFunction, "the registers are reached through the configuration space too",
                 "[virtio_pci]") {
  const auto window = machine.find_capability(pci::CapabilityId::vendor_specific, 3);
  machine.config_write<std::uint8_t>(window + 4U, 0);
  machine.config_write<std::uint32_t>(window + 8U, offsetof(CommonConfig, device_status));
  machine.config_write<std::uint32_t>(window + 12U, 1);
  machine.config_write<std::uint8_t>(window + 16U, 1);
  CHECK(machine.config_read<std::uint8_t>(window + 16U) == 1);
  machine.config_write<std::uint32_t>(window + 8U, offsetof(CommonConfig, num_queues));
  machine.config_write<std::uint32_t>(window + 12U, 2);
  CHECK(machine.config_read<std::uint16_t>(window + 16U) == 1);
}

TEST_CASE_METHOD(RngFunction, "without MSI-X the ISR tells of a served queue, once", "[virtio_pci]") {
  start();
  machine.config_write<std::uint16_t>(machine.find_capability(pci::CapabilityId::msix) + 2U, 0);
  request();
  CHECK(machine.bar_read<std::uint8_t>(bar::isr) == isr_queue);
  CHECK(machine.bar_read<std::uint8_t>(bar::isr) == 0);
}

TEST_CASE_METHOD(RngFunction, "a device works again after a reset", "[virtio_pci]") {
  start();
  request();
  machine.set_status(0);
  CHECK(machine.status() == 0);
  restart();
  request();
  CHECK(queue.used_index() == 1);
}

TEST_CASE("the device configuration is read in any width, inside its end only", "[virtio_pci]") {
  FakeMachine machine(
      FakeQueue::must(Block::create(make_disk(1 << 16), a_disk(policy::DiskAccess::read_only))));
  machine.enable_pci();
  CHECK(machine.bar_read<std::uint64_t>(bar::device) == 128);
  CHECK(machine.bar_read<std::uint8_t>(bar::device) == 128);
  CHECK(machine.bar_read<std::uint32_t>(bar::device + 20) == 512);
  CHECK(machine.bar_read<std::uint32_t>(bar::device + sizeof(BlockConfig)) == 0xffff'ffff);
  CHECK(machine.bar_read<std::uint64_t>(bar::device + sizeof(BlockConfig) - 4) == ~0ULL);
}

TEST_CASE("shutting down stops a device and flushes its disk", "[virtio_pci]") {
  FakeMachine machine(
      FakeQueue::must(Block::create(make_disk(1 << 16), a_disk(policy::DiskAccess::read_write))));
  machine.enable_pci();
  machine.negotiate(0);
  machine.set_status(15);
  CHECK(machine.pci.shut_down());
  CHECK(machine.status() == 0);
}

TEST_CASE("each queue of a disk is served, and has an interrupt of its own", "[virtio_pci][block]") {
  auto record = a_disk(policy::DiskAccess::read_only);
  record.queues = 3;
  FakeMachine machine(FakeQueue::must(Block::create(make_disk(1 << 16), record)));
  machine.enable_pci();
  machine.negotiate(feature::common | feature::block_queues);
  std::vector<FakeQueue> queues;
  for (std::uint16_t i = 0; i < 3; ++i) {
    queues.emplace_back(machine.memory, 0x10000 + i * FakeQueue::bytes, 64);
    machine.enable_queue(i, queues.back());
  }
  machine.set_status(15);
  machine.run();
  CHECK(machine.bar_read<std::uint16_t>(bar::device + offsetof(BlockConfig, queues)) == 3);

  constexpr std::uint64_t header = 0x40000;
  constexpr std::uint64_t data = 0x50000;
  for (std::uint16_t i = 0; i < 3; ++i) {
    FakeQueue::must(machine.memory.write_object(GuestAddress{header + i * 16U},
                                                BlockHeader{.type = 0, .reserved = 0, .sector = i + 1U}));
    queues[i].add({readable(header + i * 16U, 16), writable(data + i * 1024U, 513)});
    machine.notify(i);
  }
  machine.run();
  for (std::uint16_t i = 0; i < 3; ++i) {
    CHECK(queues[i].used_index() == 1);
    CHECK(get_text(machine.memory, data + i * 1024U, 513) ==
          std::string(512, static_cast<char>(i + 1)) + std::string(1, '\0'));
    CHECK(machine.take_raised(queue_vector(i)) == 1);
  }
}
