#include "tests/hostile_guest/queue.hpp"

#include "tests/hostile_guest/arena.hpp"
#include "tests/hostile_guest/cpus.hpp"

namespace hostile {

void Queue::place(u64 doorbell, u16 index, u16 size) {
  doorbell_ = doorbell;
  index_ = index;
  size_ = size;
  offered_ = 0;
  descriptors_ = take(sizeof(virtio::Descriptor) * size, 16);
  available_ = take(virtio::used_event(size) + 2);
  used_ = take(virtio::available_event(size) + 2);
}

void Queue::describe(u16 slot, u64 address, u32 length, unsigned flags, unsigned next) const {
  const auto at = descriptors_ + sizeof(virtio::Descriptor) * slot;
  poke<u64>(at, address);
  poke<u32>(at + 8, length);
  poke<u16>(at + 12, static_cast<u16>(flags));
  poke<u16>(at + 14, static_cast<u16>(next));
}

void Queue::offer(unsigned head) {
  poke<u16>(available_ + virtio::ring_elements + 2 * (offered_ % size_), static_cast<u16>(head));
  barrier();
  set_available_index(++offered_);
}

void Queue::set_available_index(u16 index) const { poke<u16>(available_ + virtio::ring_index, index); }

void Queue::offer_buffer(u16 slot, u64 address, u32 length, unsigned flags) {
  describe(slot, address, length, flags);
  offer(slot);
}

void Queue::notify() const {
  barrier();
  poke<u16>(doorbell_, index_);
}

u32 Queue::last_written() const {
  const u64 slot = static_cast<u16>(used_count() - 1) % size_;
  return peek<u32>(used_ + virtio::ring_elements + sizeof(virtio::UsedElement) * slot + 4);
}

bool Queue::gives_back(u16 count) const {
  for (const auto deadline = now() + patience;;) {
    for (unsigned i = 0; i < 1000; ++i)
      if (used_count() == count) return true;
    if (now() > deadline) return false;
  }
}

}  // namespace hostile
