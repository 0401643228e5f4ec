#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <sys/uio.h>

#include "base/result.hpp"

namespace immure::vmm::virtio {

/// What stands behind a disk; all in bytes, blocks are powers of two.
struct Media {
  std::uint64_t bytes = 0;
  std::uint32_t logical_block = 0;   ///< the smallest unit that can be read or written
  std::uint32_t physical_block = 0;  ///< what is written at once without reading the rest of it first
  std::uint32_t optimal_io = 0;      ///< 0: none is better than another
};

/// Asks the open fd for its size and blocks: a regular file (fstat(2)) or a block device (BLKGETSIZE64,
/// BLKSSZGET, BLKPBSZGET, BLKIOOPT); everything else is an Error that names `name`.
Result<Media> probe_media(int fd, std::string_view name);

/// preadv(2) and pwritev(2) until all of `slices` is done, over short counts and EINTR. Changes `slices`. An
/// Error where the file ends first or the host has one; how far it came is then unknown.
Result<void> read_fully(int fd, std::span<iovec> slices, std::uint64_t offset);
Result<void> write_fully(int fd, std::span<iovec> slices, std::uint64_t offset);

/// Makes bytes read as zeros and gives their space back to the host, by fallocate(2). An Error with
/// EOPNOTSUPP where file system or device cannot do it.
Result<void> free_range(int fd, std::uint64_t offset, std::uint64_t size);

}  // namespace immure::vmm::virtio
