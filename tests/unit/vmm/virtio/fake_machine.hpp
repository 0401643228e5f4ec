#pragma once

#include <functional>
#include <memory>
#include <stdexcept>

#include "base/io.hpp"
#include "tests/unit/vmm/virtio/fake_queue.hpp"
#include "tests/unit/vmm/virtio/fake_vm_events.hpp"
#include "vmm/event_loop.hpp"
#include "vmm/pci/pci_root.hpp"
#include "vmm/virtio/virtio_pci_device.hpp"

namespace immure::vmm::test {

/// A machine of one virtio device in slot 1, and the driver's way to its registers: as a guest would go,
/// through ECAM and window. The event loop runs only where a test says so.
class FakeMachine {
 public:
  explicit FakeMachine(std::unique_ptr<virtio::Device> device, std::uint64_t memory_size = 1 << 20);
  /// For a device that has to know the machine's memory.
  using Factory = std::function<std::unique_ptr<virtio::Device>(const GuestMemory&)>;
  explicit FakeMachine(const Factory& make_device, std::uint64_t memory_size = 1 << 20);

  template <typename T>
  T config_read(std::uint64_t offset, std::uint64_t slot = 1) {
    T value{};
    pci.ecam().read(slot << 15 | offset, writable_bytes_of(value));
    return value;
  }
  template <typename T>
  void config_write(std::uint64_t offset, T value, std::uint64_t slot = 1) {
    pci.ecam().write(slot << 15 | offset, bytes_of(value));
  }
  template <typename T>
  T bar_read(std::uint64_t offset) {
    T value{};
    pci.window().read(bar_ + offset, writable_bytes_of(value));
    return value;
  }
  template <typename T>
  void bar_write(std::uint64_t offset, T value) {
    pci.window().write(bar_ + offset, bytes_of(value));
  }
  [[nodiscard]] std::uint64_t window_offset() const { return bar_; }

  /// The offset of the n-th capability of this kind; 0 where there is none.
  std::uint8_t find_capability(pci::CapabilityId id, unsigned n = 0);
  /// Memory decoding on, MSI-X on and every vector programmed and open.
  void enable_pci();
  std::uint8_t status() { return bar_read<std::uint8_t>(offsetof(virtio::CommonConfig, device_status)); }
  void set_status(std::uint8_t value) { bar_write(offsetof(virtio::CommonConfig, device_status), value); }
  /// Reset, ACKNOWLEDGE, DRIVER, features (VERSION_1 beside them), FEATURES_OK.
  void negotiate(std::uint64_t features);
  void enable_queue(std::uint16_t index, const FakeQueue& queue);
  void notify(std::uint16_t index);
  /// Serves every event that is there.
  void run();
  std::uint64_t take_raised(std::size_t vector) { return events.take_raised(vector); }

  FakeVmEvents events;
  GuestMemory memory;
  EventLoop loop;
  PciRoot pci;
  virtio::VirtioPciDevice* function = nullptr;

 private:
  void plug(std::unique_ptr<virtio::Device> device);

  std::uint64_t bar_ = 0;
};

/// Which vector each interrupt has in enable_queue() and negotiate().
constexpr std::uint16_t config_vector = 0;
constexpr std::uint16_t queue_vector(std::uint16_t queue) { return static_cast<std::uint16_t>(queue + 1); }

}  // namespace immure::vmm::test
