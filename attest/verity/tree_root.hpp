#pragma once

#include <cstdint>
#include <functional>

#include "attest/verity/crew.hpp"
#include "attest/verity/superblock.hpp"

namespace immure::attest::verity {

/// Told, by the caller's thread, the bytes that were hashed since the last call.
using Progress = std::function<void(std::uint64_t)>;

/// A tree over the first bytes of a file.
struct TreeShape {
  TreeHash hash{};
  std::uint64_t data_block_bytes = 0;
  std::uint64_t hash_block_bytes = 0;
  std::uint64_t data_bytes = 0;  ///< not 0; what the last block lacks is hashed as zeros
  ByteVector prefix{};           ///< in front of each block
};

/// The root hash, of all the data: it is read once, by every thread of the crew. An Error where the file
/// cannot be read, or has so many blocks that their digests would take more than 1 GiB of memory.
Result<ByteVector> tree_root(int fd, const TreeShape& shape, Crew& crew, const Progress& progress);

/// What `veritysetup format` prints for data with this superblock.
Result<ByteVector> dm_verity_root(int fd, const Superblock& superblock, Crew& crew, const Progress& progress);

/// What FS_IOC_MEASURE_VERITY says of a file that `fsverity enable` was run on with blocks of 4 KiB and
/// without salt: Documentation/filesystems/fsverity.rst of Linux.
Result<ByteVector> fs_verity_digest(int fd, std::uint64_t size, TreeHash hash, Crew& crew,
                                    const Progress& progress);

}  // namespace immure::attest::verity
