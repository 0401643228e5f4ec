#include "vmm/virtio/virtqueue.hpp"

#include <bit>
#include <utility>

#include <emmintrin.h>

#include "vmm/virtio/device_ids.hpp"

namespace immure::vmm::virtio {

namespace {

/// Orders every store before every later load. Not std::atomic_thread_fence: g++ refuses that under
/// ThreadSanitizer, and the guest's side is no C++ either.
void full_barrier() { _mm_mfence(); }

}  // namespace

Virtqueue::Virtqueue(const GuestMemory& memory, const QueueSetup& setup, std::uint64_t features)
    : memory_(&memory), setup_(setup), features_(features) {}

Result<Virtqueue> Virtqueue::create(const GuestMemory& memory, const QueueSetup& setup,
                                    std::uint64_t features) {
  if (!std::has_single_bit(setup.size) || setup.size > max_queue_size)
    return invalid("queue size " + std::to_string(setup.size) + " is not a power of two up to 256");
  // Alignment: VIRTIO 1.2, 2.7.
  const auto check_table = [&memory](GuestAddress start, std::uint64_t size,
                                     std::uint64_t alignment) -> Result<void> {
    if (raw(start) % alignment != 0) return invalid("queue address is not aligned");
    IMMURE_TRY(memory.io_slice(start, size, GuestAccess::device_reads));
    return {};
  };
  IMMURE_TRY(check_table(setup.descriptors, sizeof(Descriptor) * setup.size, 16));
  IMMURE_TRY(check_table(setup.available, used_event(setup.size) + 2, 2));
  IMMURE_TRY(check_table(setup.used, available_event(setup.size) + 2, 4));
  return Virtqueue(memory, setup, features);
}

/// How many chains wait; reads the driver's index anew only once those known before are used up.
Result<std::uint16_t> Virtqueue::available_chains() {
  if (known_available_ == next_available_) {
    const auto index = IMMURE_TRY(memory_->load_acquire_u16(setup_.available + ring_index));
    if (static_cast<std::uint16_t>(index - next_available_) > setup_.size)
      return invalid("available index is further ahead than the queue is long");
    known_available_ = index;
  }
  return static_cast<std::uint16_t>(known_available_ - next_available_);
}

Result<bool> Virtqueue::pop(DescriptorChain& chain) {
  if (IMMURE_TRY(available_chains()) == 0) return false;
  const std::uint64_t slot = next_available_ % setup_.size;
  const auto head =
      IMMURE_TRY(memory_->read_object<std::uint16_t>(setup_.available + ring_elements + 2 * slot));
  if (head >= setup_.size) return invalid("head index outside the queue");
  if (in_flight_.test(head)) return invalid("chain made available again before it was used");
  IMMURE_TRY(copy_chain(head, chain));
  in_flight_.set(head);
  ++next_available_;
  return true;
}

/// Walks the descriptors once, with at most as many steps as the queue is long (VIRTIO 1.2, 2.7.5.3.1), so
/// that a circle ends too.
Result<void> Virtqueue::copy_chain(std::uint16_t head, DescriptorChain& chain) const {
  chain.clear(*memory_, head);
  auto table = setup_.descriptors;
  std::uint32_t table_size = setup_.size;
  std::uint32_t index = head;
  bool is_indirect = false;
  for (unsigned steps = 0;;) {
    if (index >= table_size) return invalid("descriptor index outside its table");
    const auto descriptor = IMMURE_TRY(memory_->read_object<Descriptor>(table + sizeof(Descriptor) * index));

    if ((descriptor.flags & descriptor_is_indirect) != 0) {
      if ((features_ & feature::indirect_descriptors) == 0)
        return invalid("indirect descriptor without the feature");
      if (is_indirect) return invalid("indirect descriptor inside an indirect table");
      if ((descriptor.flags & descriptor_has_next) != 0)
        return invalid("indirect descriptor with a next one");
      table_size = descriptor.length / sizeof(Descriptor);
      if (descriptor.length % sizeof(Descriptor) != 0 || table_size == 0)
        return invalid("indirect table is not a whole number of descriptors");
      table = GuestAddress{descriptor.address};
      index = 0;
      is_indirect = true;
      continue;
    }
    if (++steps > setup_.size) return invalid("descriptor chain is longer than the queue");
    IMMURE_TRY(chain.append(descriptor));
    if ((descriptor.flags & descriptor_has_next) == 0) return {};
    index = descriptor.next;
  }
}

Result<void> Virtqueue::push_used(const DescriptorChain& chain, std::uint32_t written) {
  const UsedElement element{.head = chain.head(), .written = written};
  return push_used(std::span(&element, 1));
}

Result<void> Virtqueue::push_used(std::span<const UsedElement> elements) {
  for (const auto& element : elements) {
    const std::uint64_t slot = next_used_ % setup_.size;
    IMMURE_TRY(memory_->write_object(setup_.used + ring_elements + sizeof(UsedElement) * slot, element));
    ++next_used_;
    in_flight_.reset(element.head);
  }
  return memory_->store_release_u16(setup_.used + ring_index, next_used_);
}

Result<void> Virtqueue::suppress_notifications() {
  // With event indices the one that was last written lies behind already: nothing to do (2.7.10).
  if ((features_ & feature::event_index) != 0) return {};
  return memory_->store_release_u16(setup_.used + ring_flags, used_no_notify);
}

Result<bool> Virtqueue::request_notifications() {
  if ((features_ & feature::event_index) != 0) {
    IMMURE_TRY(memory_->store_release_u16(setup_.used + available_event(setup_.size), next_available_));
  } else {
    IMMURE_TRY(memory_->store_release_u16(setup_.used + ring_flags, 0));
  }
  // The driver writes its index and then looks whether to notify; we do the two in the other order. Without a
  // full barrier on both sides each could miss the other (2.7.13.4.1).
  full_barrier();
  return IMMURE_TRY(available_chains()) > 0;
}

Result<bool> Virtqueue::take_interrupt() {
  if (next_used_ == interrupted_used_) return false;
  const auto before = std::exchange(interrupted_used_, next_used_);
  full_barrier();  // as above, for the driver's side of the event
  if ((features_ & feature::event_index) != 0) {
    const auto event = IMMURE_TRY(memory_->load_acquire_u16(setup_.available + used_event(setup_.size)));
    // vring_need_event() of 2.7.10: has the index passed the event since the last time?
    return static_cast<std::uint16_t>(next_used_ - event - 1) <
           static_cast<std::uint16_t>(next_used_ - before);
  }
  const auto flags = IMMURE_TRY(memory_->load_acquire_u16(setup_.available + ring_flags));
  return (flags & available_no_interrupt) == 0;
}

}  // namespace immure::vmm::virtio
