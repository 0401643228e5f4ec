#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/fs_verity.hpp"
#include "base/io.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure {

/// A memfd that holds `bytes` and can never change again (F_SEAL_WRITE|SHRINK|GROW|SEAL, memfd_create(2)).
/// `name` shows in /proc/PID/fd only.
Result<UniqueFd> make_sealed_memfd(const char* name, std::span<const std::byte> bytes);

/// A file's content in a sealed memfd, and what fs-verity said of it before it was copied: of a file that is
/// under it only afterwards, nobody knows whether these are still its bytes.
struct SealedCopy {
  UniqueFd fd;
  std::optional<FsVerity> verity;
};

/// All that is left of the file `from`: more than `limit` bytes, or none, is an Error.
Result<SealedCopy> copy_to_sealed_memfd(const char* name, int from, std::uint64_t limit);

/// An Error unless all four seals are set.
Result<void> require_sealed(int fd);

/// Reads exactly one record from a sealed memfd of exactly its size. The caller checks the fields.
template <typename Record>
Result<Record> read_sealed_record(int fd);

/// The size of the file in bytes, by fstat(2).
Result<std::uint64_t> file_size(int fd);

template <typename Record>
Result<Record> read_sealed_record(int fd) {
  static_assert(std::is_trivially_copyable_v<Record>);
  IMMURE_TRY(require_sealed(fd));
  const auto size = IMMURE_TRY(file_size(fd));
  if (size != sizeof(Record)) {
    return invalid("record of " + std::to_string(size) + " bytes where " + std::to_string(sizeof(Record)) +
                   " are expected: the two programs are of different versions");
  }
  Record record{};
  IMMURE_TRY(pread_exactly(fd, writable_bytes_of(record), 0));
  return record;
}

}  // namespace immure
