#pragma once

#include "tests/hostile_guest/machine.hpp"
#include "vmm/virtio/queue_layout.hpp"

namespace hostile {

namespace virtio = immure::vmm::virtio;

constexpr unsigned has_next = virtio::descriptor_has_next;
constexpr unsigned is_writable = virtio::descriptor_is_writable;
constexpr unsigned is_indirect = virtio::descriptor_is_indirect;

/// The driver's side of one virtqueue, with a hand on each of its bytes.
class Queue {
 public:
  /// Where its rings lie; `size` entries. Made available nothing yet.
  void place(u64 doorbell, u16 index, u16 size);

  [[nodiscard]] u16 index() const { return index_; }
  [[nodiscard]] u16 size() const { return size_; }
  [[nodiscard]] u64 descriptors() const { return descriptors_; }
  [[nodiscard]] u64 available() const { return available_; }
  [[nodiscard]] u64 used() const { return used_; }

  /// Descriptor `slot`; the flags are those of the layout.
  void describe(u16 slot, u64 address, u32 length, unsigned flags = 0, unsigned next = 0) const;
  /// Makes a head available, whatever it is.
  void offer(unsigned head);
  /// The driver's index, whatever it is.
  void set_available_index(u16 index) const;
  /// A chain of one buffer in descriptor `slot`, and available.
  void offer_buffer(u16 slot, u64 address, u32 length, unsigned flags = 0);
  /// The same in the next descriptor of all in turn; while the device has not given back all of them.
  void offer_in_turn(u64 address, u32 length, unsigned flags = 0) {
    offer_buffer(static_cast<u16>(offered_ % size_), address, length, flags);
  }
  [[nodiscard]] bool has_room() const { return static_cast<u16>(offered_ - used_count()) < size_; }
  void notify() const;

  [[nodiscard]] u16 used_count() const { return peek<u16>(used_ + virtio::ring_index); }
  /// Of the last chain that was given back.
  [[nodiscard]] u32 last_written() const;
  /// Whether the device has given back so many chains since the start, while `patience` lasts.
  [[nodiscard]] bool gives_back(u16 count) const;

 private:
  u64 doorbell_ = 0;
  u16 index_ = 0;
  u16 size_ = 0;
  u16 offered_ = 0;
  u64 descriptors_ = 0;
  u64 available_ = 0;
  u64 used_ = 0;
};

}  // namespace hostile
