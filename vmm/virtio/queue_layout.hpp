#pragma once

#include <cstddef>
#include <cstdint>

/// The split virtqueue as it lies in guest memory: VIRTIO 1.2, 2.7; little-endian. All of it
/// guest-controlled.
namespace immure::vmm::virtio {

/// 2.7.5
struct Descriptor {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;
  std::uint16_t next = 0;
};
static_assert(sizeof(Descriptor) == 16);

constexpr std::uint16_t descriptor_has_next = 1;
constexpr std::uint16_t descriptor_is_writable = 2;
constexpr std::uint16_t descriptor_is_indirect = 4;

/// 2.7.8
struct UsedElement {
  std::uint32_t head = 0;
  std::uint32_t written = 0;
};
static_assert(sizeof(UsedElement) == 8);

/// Both rings: flags, index, elements, and at the end the other side's event index (2.7.6, 2.7.8).
constexpr std::uint64_t ring_flags = 0;
constexpr std::uint64_t ring_index = 2;
constexpr std::uint64_t ring_elements = 4;

constexpr std::uint16_t available_no_interrupt = 1;
constexpr std::uint16_t used_no_notify = 1;

constexpr std::uint64_t available_event(std::uint16_t queue_size) {
  return ring_elements + std::uint64_t{sizeof(UsedElement)} * queue_size;
}
constexpr std::uint64_t used_event(std::uint16_t queue_size) {
  return ring_elements + std::uint64_t{sizeof(std::uint16_t)} * queue_size;
}

constexpr std::uint16_t max_queue_size = 256;

}  // namespace immure::vmm::virtio
