#include "vmm/boot/image_file.hpp"

#include "base/checked.hpp"
#include "base/sealed_memfd.hpp"

namespace immure::vmm::boot {

Result<ImageFile> ImageFile::open(int fd, std::string_view name) {
  if (auto sealed = require_sealed(fd); !sealed) return with_context(name, std::move(sealed).error());
  return ImageFile(fd, IMMURE_TRY(file_size(fd)), name);
}

Result<void> ImageFile::read_bytes(std::uint64_t offset, std::span<std::byte> into,
                                   std::string_view what) const {
  IMMURE_TRY(require_inside(offset, into.size(), what));
  return pread_exactly(fd_, into, offset);
}

Result<void> ImageFile::load(std::uint64_t offset, std::uint64_t size, const GuestMemory& memory,
                             GuestAddress to, std::string_view what) const {
  IMMURE_TRY(require_inside(offset, size, what));
  const auto slice = memory.io_slice(to, size, GuestAccess::device_writes);
  if (!slice) return refuse(std::string(what) + " does not fit into the guest's memory");
  return pread_exactly(fd_, {static_cast<std::byte*>(slice->iov_base), slice->iov_len}, offset);
}

std::unexpected<Error> ImageFile::refuse(std::string_view reason) const {
  return invalid(name_ + ": " + std::string(reason));
}

Result<void> ImageFile::require_inside(std::uint64_t offset, std::uint64_t size,
                                       std::string_view what) const {
  if (range_fits(offset, size, size_)) return {};
  return refuse(std::string(what) + " (" + std::to_string(size) + " bytes at " + std::to_string(offset) +
                ") ends beyond the file's " + std::to_string(size_) + " bytes");
}

}  // namespace immure::vmm::boot
