#include "vmm/virtio/descriptor_chain.hpp"

#include <algorithm>
#include <limits>

#include "base/checked.hpp"

namespace immure::vmm::virtio {

template <typename Use>
Result<void> ChainPart::for_each_piece(std::uint64_t offset, std::uint64_t size, Use use) const {
  if (!range_fits(offset, size, size_)) return invalid("request is shorter than its kind needs");
  std::uint64_t done = 0;
  for (const auto& segment : std::span(segments_).first(segment_count_)) {
    if (done == size) break;
    if (offset >= segment.size) {
      offset -= segment.size;
      continue;
    }
    const auto piece = std::min(size - done, segment.size - offset);
    IMMURE_TRY(use(segment.start + offset, piece, done));
    done += piece;
    offset = 0;
  }
  return {};
}

Result<void> ChainPart::read(std::uint64_t offset, std::span<std::byte> into) const {
  return for_each_piece(offset, into.size(), [&](GuestAddress start, std::uint64_t size, std::uint64_t done) {
    return memory_->read(start, into.subspan(done, size));
  });
}

Result<void> ChainPart::write(std::uint64_t offset, std::span<const std::byte> from) const {
  return for_each_piece(offset, from.size(), [&](GuestAddress start, std::uint64_t size, std::uint64_t done) {
    return memory_->write(start, from.subspan(done, size));
  });
}

Result<void> ChainPart::discard() const {
  return for_each_piece(0, size_, [&](GuestAddress start, std::uint64_t size, std::uint64_t /*done*/) {
    return memory_->discard(start, size);
  });
}

Result<std::span<iovec>> ChainPart::io_slices(std::uint64_t offset, std::uint64_t size, GuestAccess access,
                                              IoVectors& storage) const {
  std::size_t count = 0;
  const auto append = [&](GuestAddress start, std::uint64_t piece, std::uint64_t /*done*/) -> Result<void> {
    storage.at(count) = IMMURE_TRY(memory_->io_slice(start, piece, access));
    ++count;
    return {};
  };
  IMMURE_TRY(for_each_piece(offset, size, append));
  return std::span(storage).first(count);
}

void DescriptorChain::clear(const GuestMemory& memory, std::uint16_t head) {
  head_ = head;
  for (auto* const part : {&readable_, &writable_}) {
    part->memory_ = &memory;
    part->segment_count_ = 0;
    part->size_ = 0;
  }
}

Result<void> DescriptorChain::append(const Descriptor& descriptor) {
  const bool is_writable = (descriptor.flags & descriptor_is_writable) != 0;
  // Readable buffers come first (VIRTIO 1.2, 2.7.4.2).
  if (!is_writable && writable_.segment_count_ > 0)
    return invalid("readable buffer after a writable one in a descriptor chain");
  auto& part = is_writable ? writable_ : readable_;
  if (part.segment_count_ == part.segments_.size()) return invalid("descriptor chain is too long");

  // What is found to lie in RAM now does so for ever: the layout of guest memory never changes.
  const GuestAddress start{descriptor.address};
  IMMURE_TRY(part.memory_->io_slice(start, descriptor.length, GuestAccess::device_reads));

  // A chain holds less than 4 GiB (2.7.5), so that every count of its bytes fits the used ring's 32 bits.
  if (readable_.size_ + writable_.size_ + descriptor.length > std::numeric_limits<std::uint32_t>::max())
    return invalid("descriptor chain of 4 GiB or more");
  part.segments_.at(part.segment_count_++) = {.start = start, .size = descriptor.length};
  part.size_ += descriptor.length;
  return {};
}

}  // namespace immure::vmm::virtio
