#pragma once

#include <vector>

#include "attest/verity/superblock.hpp"

namespace immure::attest::verity {

/// Where the hash blocks of a tree lie, counted in hash blocks from the start of their disk: drivers/md/
/// dm-verity-target.c of Linux, verity_ctr(). A tree over one block has no levels: its root is that block's
/// digest.
struct TreeLayout {
  std::vector<std::uint64_t> level_starts;  ///< lowest level first; the highest lies first on the disk
  std::uint64_t hashes_per_block = 0;
  std::uint64_t end = 0;  ///< the first block behind the tree
};

/// `superblock_at` is where the superblock begins, in bytes. An Error where no disk is as large.
Result<TreeLayout> layout_of(const Superblock& superblock, std::uint64_t superblock_at);

/// An open disk, or the part of one that may have what is looked for.
struct DiskArea {
  int fd = -1;
  std::uint64_t size = 0;
};

/// The superblock at this byte of the disk.
Result<Superblock> read_superblock(const DiskArea& hashes, std::uint64_t at);

/// Whether superblock and tree are those of this root hash, without reading all of it: the last data block is
/// there, and its digest, block by block up the tree, leads to the root; behind it the tree is empty. With
/// that, salt, algorithm, sizes and the number of blocks are those that the root was made with. Every other
/// block is checked when the guest reads it.
Result<void> check_tree(const Superblock& superblock, std::uint64_t superblock_at, const DiskArea& data,
                        const DiskArea& hashes, Bytes root_hash);

}  // namespace immure::attest::verity
