#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/io.hpp"
#include "vmm/virtio/virtqueue.hpp"

namespace immure::vmm::test {

/// A buffer of a chain; `flags` go into the descriptor beside those that the chain needs.
struct Buffer {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;
};
inline Buffer readable(std::uint64_t address, std::uint32_t length) { return {address, length, 0}; }
inline Buffer writable(std::uint64_t address, std::uint32_t length) {
  return {address, length, virtio::descriptor_is_writable};
}

/// The driver's side of a split queue, well-behaved unless told otherwise. Throws where a test is wrong.
class FakeQueue {
 public:
  static constexpr std::uint64_t bytes = 0x4000;  ///< of guest memory, for up to 256 entries

  FakeQueue(const GuestMemory& memory, std::uint64_t base, std::uint16_t size)
      : memory_(&memory), base_(base), size_(size) {
    // A queue starts all zero (VIRTIO 1.2, 2.7).
    const std::vector<std::byte> zeros(bytes);
    must(memory_->write(GuestAddress{base_}, zeros));
  }

  [[nodiscard]] virtio::QueueSetup setup() const {
    return {.size = size_,
            .descriptors = GuestAddress{base_},
            .available = GuestAddress{available()},
            .used = GuestAddress{used_ring()}};
  }

  void write_descriptor(std::uint64_t table, std::uint16_t index, const virtio::Descriptor& descriptor) {
    must(memory_->write_object(GuestAddress{table + 16ULL * index}, descriptor));
  }
  void write_descriptor(std::uint16_t index, const virtio::Descriptor& descriptor) {
    write_descriptor(base_, index, descriptor);
  }
  /// Lays the buffers out as a chain from descriptor `first` on, in the given table.
  void write_chain(std::uint64_t table, std::uint16_t first, const std::vector<Buffer>& buffers) {
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      const auto index = static_cast<std::uint16_t>(first + i);
      const bool is_last = i + 1 == buffers.size();
      write_descriptor(table, index,
                       {.address = buffers[i].address,
                        .length = buffers[i].length,
                        .flags = static_cast<std::uint16_t>(buffers[i].flags |
                                                            (is_last ? 0 : virtio::descriptor_has_next)),
                        .next = static_cast<std::uint16_t>(is_last ? 0 : index + 1)});
    }
  }
  /// A chain of its own descriptors, made available; gives the head.
  std::uint16_t add(const std::vector<Buffer>& buffers) {
    if (next_descriptor_ + buffers.size() > size_) next_descriptor_ = 0;
    const auto head = next_descriptor_;
    write_chain(base_, head, buffers);
    next_descriptor_ = static_cast<std::uint16_t>(next_descriptor_ + buffers.size());
    make_available(head);
    return head;
  }
  void make_available(std::uint16_t head) {
    must(memory_->write_object(GuestAddress{available() + 4 + 2ULL * (next_available_ % size_)}, head));
    set_available_index(++next_available_);
  }
  void set_available_index(std::uint16_t index) {
    must(memory_->store_release_u16(GuestAddress{available() + 2}, index));
  }
  void set_available_flags(std::uint16_t flags) {
    must(memory_->store_release_u16(GuestAddress{available()}, flags));
  }
  void set_used_event(std::uint16_t index) {
    must(memory_->store_release_u16(GuestAddress{available()} + virtio::used_event(size_), index));
  }
  [[nodiscard]] std::uint16_t available_event() const {
    return must(memory_->load_acquire_u16(GuestAddress{used_ring()} + virtio::available_event(size_)));
  }
  [[nodiscard]] std::uint16_t used_flags() const {
    return must(memory_->load_acquire_u16(GuestAddress{used_ring()}));
  }
  [[nodiscard]] std::uint16_t available_index() const { return next_available_; }
  [[nodiscard]] std::uint16_t used_index() const {
    return must(memory_->load_acquire_u16(GuestAddress{used_ring() + 2}));
  }
  [[nodiscard]] virtio::UsedElement used(std::uint16_t index) const {
    return must(
        memory_->read_object<virtio::UsedElement>(GuestAddress{used_ring() + 4 + 8ULL * (index % size_)}));
  }

  template <typename T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }

 private:
  [[nodiscard]] std::uint64_t available() const { return base_ + 0x2000; }
  [[nodiscard]] std::uint64_t used_ring() const { return base_ + 0x3000; }

  const GuestMemory* memory_;
  std::uint64_t base_;
  std::uint16_t size_;
  std::uint16_t next_available_ = 0;
  std::uint16_t next_descriptor_ = 0;
};

/// Text at a guest address, for a test to write and to read back.
inline void put_text(const GuestMemory& memory, std::uint64_t address, std::string_view text) {
  FakeQueue::must(memory.write(GuestAddress{address}, std::as_bytes(std::span(text))));
}
inline std::string get_text(const GuestMemory& memory, std::uint64_t address, std::size_t size) {
  std::string text(size, '\0');
  FakeQueue::must(memory.read(GuestAddress{address}, std::as_writable_bytes(std::span(text))));
  return text;
}

}  // namespace immure::vmm::test
