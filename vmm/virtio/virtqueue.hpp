#pragma once

#include <bitset>
#include <cstdint>

#include "vmm/virtio/descriptor_chain.hpp"

namespace immure::vmm::virtio {

/// A queue as the driver set it up; addresses guest-controlled.
struct QueueSetup {
  std::uint16_t size = 0;
  GuestAddress descriptors{};
  GuestAddress available{};  ///< the driver's ring
  GuestAddress used{};       ///< the device's ring
};

/// The device's side of a split virtqueue (VIRTIO 1.2, 2.7). Takes every index, address and flag that it
/// reads for hostile: an Error means that the driver broke the protocol and the device must be reset. Not
/// locked.
class Virtqueue {
 public:
  /// `features` as negotiated. An Error where the size is not a power of two up to 256, an address is not
  /// aligned, or a ring does not lie in guest memory.
  static Result<Virtqueue> create(const GuestMemory& memory, const QueueSetup& setup, std::uint64_t features);

  [[nodiscard]] std::uint16_t size() const { return setup_.size; }

  /// Takes the next available chain; false where there is none.
  Result<bool> pop(DescriptorChain& chain);
  /// Gives a chain back with `written` bytes in its writable part, from the start.
  Result<void> push_used(const DescriptorChain& chain, std::uint32_t written);
  /// The same for several chains, which the driver sees all at once. The heads are those of chains that were
  /// popped and not given back yet.
  Result<void> push_used(std::span<const UsedElement> elements);

  /// The driver need not notify while the queue is being served; afterwards it must: true where chains came
  /// in between and the queue is to be served again.
  Result<void> suppress_notifications();
  Result<bool> request_notifications();

  /// Whether the driver wants an interrupt for what was given back since this was last asked.
  Result<bool> take_interrupt();

 private:
  Virtqueue(const GuestMemory& memory, const QueueSetup& setup, std::uint64_t features);

  Result<std::uint16_t> available_chains();
  Result<void> copy_chain(std::uint16_t head, DescriptorChain& chain) const;

  const GuestMemory* memory_;
  QueueSetup setup_;
  std::uint64_t features_;
  std::uint16_t next_available_ = 0;   // free-running, as are all ring indices
  std::uint16_t known_available_ = 0;  // the driver's index when it was last read
  std::uint16_t next_used_ = 0;
  std::uint16_t interrupted_used_ = 0;     // next_used_ when take_interrupt() was last asked
  std::bitset<max_queue_size> in_flight_;  // by head
};

}  // namespace immure::vmm::virtio
