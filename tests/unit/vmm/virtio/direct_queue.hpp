#pragma once

#include "tests/unit/vmm/virtio/fake_queue.hpp"
#include "vmm/virtio/device.hpp"

namespace immure::vmm::test {

/// A device with one queue and no transport: what a test of the device itself needs.
struct DirectQueue {
  explicit DirectQueue(std::uint64_t memory_size = 1 << 20)
      : memory(FakeQueue::must(GuestMemory::create(memory_size))) {}

  Result<virtio::Progress> serve(virtio::Device& device, std::uint16_t index = 0) {
    return device.serve(index, queue);
  }
  /// The bytes that the last request is said to have written.
  [[nodiscard]] std::uint32_t last_written() const {
    return driver.used(static_cast<std::uint16_t>(driver.used_index() - 1)).written;
  }

  GuestMemory memory;
  FakeQueue driver{memory, 0x10000, 64};
  virtio::Virtqueue queue =
      FakeQueue::must(virtio::Virtqueue::create(memory, driver.setup(), virtio::feature::common));
};

}  // namespace immure::vmm::test
