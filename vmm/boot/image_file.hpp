#pragma once

#include <cstdint>

#include "base/io.hpp"
#include "base/result.hpp"
#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm::boot {

/// A kernel or initrd in a sealed memfd: its bytes cannot change while they are checked, but they are
/// hostile. Does not own the fd.
class ImageFile {
 public:
  /// An Error unless the file is sealed. `name` is for messages: "kernel".
  static Result<ImageFile> open(int fd, std::string_view name);

  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Copies an object out; an Error where it does not lie in the file. `what` is for messages.
  template <typename T>
  Result<T> read(std::uint64_t offset, std::string_view what) const;

  /// Fills `into` from `offset` on.
  Result<void> read_bytes(std::uint64_t offset, std::span<std::byte> into, std::string_view what) const;

  /// Straight into guest memory, all of it in one region of RAM, without a copy on the way.
  Result<void> load(std::uint64_t offset, std::uint64_t size, const GuestMemory& memory, GuestAddress to,
                    std::string_view what) const;

  /// An Error with the file's name in front.
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view reason) const;

 private:
  ImageFile(int fd, std::uint64_t size, std::string_view name) : fd_(fd), size_(size), name_(name) {}
  [[nodiscard]] Result<void> require_inside(std::uint64_t offset, std::uint64_t size,
                                            std::string_view what) const;

  int fd_;
  std::uint64_t size_;
  std::string name_;
};

template <typename T>
Result<T> ImageFile::read(std::uint64_t offset, std::string_view what) const {
  T object{};
  IMMURE_TRY(read_bytes(offset, writable_bytes_of(object), what));
  return object;
}

}  // namespace immure::vmm::boot
