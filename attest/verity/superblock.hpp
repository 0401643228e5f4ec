#pragma once

#include <cstdint>

#include "attest/verity/block_hasher.hpp"

namespace immure::attest::verity {

/// What `veritysetup format` writes in front of a tree: struct verity_sb in lib/verity/verity.c of
/// cryptsetup. Little-endian.
struct Superblock {
  static constexpr std::size_t bytes = 512;

  TreeHash hash{};
  std::uint32_t data_block_bytes = 0;  ///< a power of two, 512 to 4096: the kernel takes no more than a page
  std::uint32_t hash_block_bytes = 0;  ///< a power of two, 512 to 524288
  std::uint64_t data_blocks = 0;       ///< never 0; all of them together have less than 2^62 bytes
  ByteVector salt;                     ///< at most 256 bytes

  [[nodiscard]] std::uint64_t data_bytes() const { return data_blocks * data_block_bytes; }
};

/// An Error where a byte is not as it is written: of another version, type, algorithm or size, or not zero
/// where nothing belongs. The UUID alone may be anything, and means nothing.
Result<Superblock> parse_superblock(Bytes bytes);

}  // namespace immure::attest::verity
