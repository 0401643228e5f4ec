#include "base/unique_mapping.hpp"

#include <utility>

#include <sys/mman.h>

namespace immure {

UniqueMapping::UniqueMapping(UniqueMapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

UniqueMapping& UniqueMapping::operator=(UniqueMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

UniqueMapping::~UniqueMapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Result<UniqueMapping> UniqueMapping::map(std::size_t size, int protection, int flags, int fd,
                                         std::int64_t offset) {
  void* data = ::mmap(nullptr, size, protection, flags, fd, offset);
  if (data == MAP_FAILED) return system_error("mmap of " + std::to_string(size) + " bytes");
  return UniqueMapping(static_cast<std::byte*>(data), size);
}

}  // namespace immure
