#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "vmm/memory/guest_memory.hpp"
#include "vmm/virtio/queue_layout.hpp"

namespace immure::vmm::virtio {

/// Room for the iovecs of one request; lives in a device, so that no request allocates.
using IoVectors = std::array<iovec, max_queue_size>;

/// One part of a chain: the buffers that the device reads, or those that it writes, as one run of bytes.
/// Every buffer was found to lie in guest memory. Offsets and sizes beyond the end give an Error.
class ChainPart {
 public:
  /// Bytes in all; below 4 GiB.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Copies from or to guest memory.
  Result<void> read(std::uint64_t offset, std::span<std::byte> into) const;
  Result<void> write(std::uint64_t offset, std::span<const std::byte> from) const;

  /// Gives the pages back to the host: they read as zeros. An Error where a buffer is not whole pages.
  Result<void> discard() const;

  /// [offset, offset + size) for a system call to read or write, in `storage`; gives the used front of it.
  Result<std::span<iovec>> io_slices(std::uint64_t offset, std::uint64_t size, GuestAccess access,
                                     IoVectors& storage) const;

 private:
  friend class DescriptorChain;
  struct Segment {
    GuestAddress start{};
    std::uint32_t size = 0;
  };
  /// Calls `use(start, size, done)` for each piece of [offset, offset + size).
  template <typename Use>
  Result<void> for_each_piece(std::uint64_t offset, std::uint64_t size, Use use) const;

  const GuestMemory* memory_ = nullptr;
  std::array<Segment, max_queue_size> segments_{};
  std::size_t segment_count_ = 0;
  std::uint64_t size_ = 0;
};

/// One request of the driver: a copy of its descriptors, so that the driver can change nothing once the chain
/// was taken. Large (8 KiB) and used again and again: a device holds one.
class DescriptorChain {
 public:
  [[nodiscard]] std::uint16_t head() const { return head_; }
  [[nodiscard]] const ChainPart& readable() const { return readable_; }
  [[nodiscard]] const ChainPart& writable() const { return writable_; }

  /// For Virtqueue: starts anew, and appends a descriptor, which must be neither indirect nor out of order.
  void clear(const GuestMemory& memory, std::uint16_t head);
  Result<void> append(const Descriptor& descriptor);

 private:
  std::uint16_t head_ = 0;
  ChainPart readable_;
  ChainPart writable_;
};

}  // namespace immure::vmm::virtio
