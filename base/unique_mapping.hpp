#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.hpp"

namespace immure {

/// Owns one memory mapping and unmaps it.
class UniqueMapping {
 public:
  UniqueMapping() = default;
  UniqueMapping(UniqueMapping&& other) noexcept;
  UniqueMapping& operator=(UniqueMapping&& other) noexcept;
  UniqueMapping(const UniqueMapping&) = delete;
  UniqueMapping& operator=(const UniqueMapping&) = delete;
  ~UniqueMapping();

  /// mmap(2) with the given protection and flags. `size` in bytes, not 0; `fd` -1 for anonymous memory.
  static Result<UniqueMapping> map(std::size_t size, int protection, int flags, int fd = -1,
                                   std::int64_t offset = 0);

  [[nodiscard]] std::span<std::byte> bytes() const { return {data_, size_}; }

 private:
  UniqueMapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace immure
