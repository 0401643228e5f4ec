#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure {

/// Reads until `buffer` is full; an Error where the file ends first. Repeats after EINTR.
Result<void> read_exactly(int fd, std::span<std::byte> buffer);

/// Reads at `offset` until `buffer` is full; an Error where the file ends first.
Result<void> pread_exactly(int fd, std::span<std::byte> buffer, std::uint64_t offset);

/// Writes all of `buffer`. Repeats after EINTR and short writes.
Result<void> write_all(int fd, std::span<const std::byte> buffer);

/// The rest of the file as text; an Error where it is longer than `limit` bytes. For /proc and small text
/// files.
Result<std::string> read_text(int fd, std::size_t limit, std::string_view what);

/// The bytes of a trivially copyable object, for reading and writing records.
template <typename T>
  requires std::is_trivially_copyable_v<T>
std::span<const std::byte> bytes_of(const T& object) {
  return std::as_bytes(std::span(&object, 1));
}
template <typename T>
  requires std::is_trivially_copyable_v<T>
std::span<std::byte> writable_bytes_of(T& object) {
  return std::as_writable_bytes(std::span(&object, 1));
}

}  // namespace immure
