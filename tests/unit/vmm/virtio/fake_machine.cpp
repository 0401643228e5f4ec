#include "tests/unit/vmm/virtio/fake_machine.hpp"

#include "vmm/machine_layout.hpp"

namespace immure::vmm::test {

using virtio::CommonConfig;

FakeMachine::FakeMachine(std::unique_ptr<virtio::Device> device, std::uint64_t memory_size)
    : memory(FakeQueue::must(GuestMemory::create(memory_size))), loop(FakeQueue::must(EventLoop::create())) {
  plug(std::move(device));
}

FakeMachine::FakeMachine(const Factory& make_device, std::uint64_t memory_size)
    : memory(FakeQueue::must(GuestMemory::create(memory_size))), loop(FakeQueue::must(EventLoop::create())) {
  plug(make_device(memory));
}

void FakeMachine::plug(std::unique_ptr<virtio::Device> device) {
  auto made = FakeQueue::must(virtio::VirtioPciDevice::create(events, memory, loop, std::move(device)));
  function = made.get();
  FakeQueue::must(pci.add(std::move(made)));
  bar_ = (config_read<std::uint32_t>(offsetof(pci::ConfigHeader, bars)) & ~0xfU) - layout::pci_window_start;
}

std::uint8_t FakeMachine::find_capability(pci::CapabilityId id, unsigned n) {
  auto offset = config_read<std::uint8_t>(offsetof(pci::ConfigHeader, capabilities));
  for (int steps = 0; offset != 0 && steps < 48; ++steps) {
    if (config_read<pci::CapabilityId>(offset) == id && n-- == 0) return offset;
    offset = config_read<std::uint8_t>(offset + 1U);
  }
  return 0;
}

void FakeMachine::enable_pci() {
  config_write<std::uint16_t>(offsetof(pci::ConfigHeader, command),
                              pci::command_memory | pci::command_bus_master);
  for (std::uint32_t vector = 0; vector < events.interrupts.size(); ++vector) {
    const auto entry = virtio::bar::msix_table + 16 * vector;
    bar_write<std::uint32_t>(entry, 0xfee0'0000);
    bar_write<std::uint32_t>(entry + 4, 0);
    bar_write<std::uint32_t>(entry + 8, 0x40 + vector);
    bar_write<std::uint32_t>(entry + 12, 0);
  }
  config_write<std::uint16_t>(find_capability(pci::CapabilityId::msix) + 2U, pci::msix_enable);
}

void FakeMachine::negotiate(std::uint64_t features) {
  features |= virtio::feature::version_1;
  set_status(0);
  set_status(1);
  set_status(3);
  bar_write<std::uint32_t>(offsetof(CommonConfig, driver_feature_select), 0);
  bar_write(offsetof(CommonConfig, driver_feature), static_cast<std::uint32_t>(features));
  bar_write<std::uint32_t>(offsetof(CommonConfig, driver_feature_select), 1);
  bar_write(offsetof(CommonConfig, driver_feature), static_cast<std::uint32_t>(features >> 32));
  set_status(11);
  bar_write(offsetof(CommonConfig, config_msix_vector), config_vector);
}

void FakeMachine::enable_queue(std::uint16_t index, const FakeQueue& queue) {
  const auto setup = queue.setup();
  bar_write(offsetof(CommonConfig, queue_select), index);
  bar_write(offsetof(CommonConfig, queue_size), setup.size);
  bar_write(offsetof(CommonConfig, queue_msix_vector), queue_vector(index));
  bar_write(offsetof(CommonConfig, queue_desc), raw(setup.descriptors));
  bar_write(offsetof(CommonConfig, queue_driver), raw(setup.available));
  bar_write(offsetof(CommonConfig, queue_device), raw(setup.used));
  bar_write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1);
}

void FakeMachine::notify(std::uint16_t index) {
  bar_write(virtio::bar::notify + std::uint64_t{virtio::bar::notify_multiplier} * index, index);
}

void FakeMachine::run() {
  // A served event may make another one ready; nothing here needs more rounds than this.
  for (int round = 0; round < 64; ++round) FakeQueue::must(loop.run_once(std::chrono::milliseconds(0)));
}

}  // namespace immure::vmm::test
