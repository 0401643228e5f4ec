#include "attest/verity/tree.hpp"

#include <algorithm>
#include <bit>

#include "base/io.hpp"

namespace immure::attest::verity {
namespace {

Result<ByteVector> read_block(const DiskArea& area, std::uint64_t number, std::uint64_t bytes) {
  ByteVector block(bytes);
  IMMURE_TRY(pread_exactly(area.fd, std::as_writable_bytes(std::span(block)), number * bytes));
  return block;
}

constexpr auto not_of_this_root =
    "the disk's dm-verity tree does not lead to root_hash: another tree, a changed superblock, or a disk "
    "that "
    "was written to after `veritysetup format`";

}  // namespace

Result<TreeLayout> layout_of(const Superblock& superblock, std::uint64_t superblock_at) {
  constexpr std::uint64_t most = 1ULL << 62;
  const std::uint64_t block = superblock.hash_block_bytes;
  TreeLayout out;
  out.hashes_per_block = std::bit_floor(block / digest_bytes(superblock.hash));
  std::vector<std::uint64_t> sizes;
  for (auto count = superblock.data_blocks; count > 1;) {
    count = (count + out.hashes_per_block - 1) / out.hashes_per_block;
    sizes.push_back(count);
  }
  if (superblock_at >= most) return invalid("the dm-verity superblock would be behind the end of any disk");
  out.end = (superblock_at + Superblock::bytes + block - 1) / block;
  out.level_starts.resize(sizes.size());
  for (auto level = sizes.size(); level-- > 0;) {
    out.level_starts[level] = out.end;
    out.end += sizes[level];
  }
  if (out.end >= most / block) return invalid("the dm-verity tree would be larger than any disk");
  return out;
}

Result<Superblock> read_superblock(const DiskArea& hashes, std::uint64_t at) {
  if (at > hashes.size || hashes.size - at < Superblock::bytes) {
    return invalid("its dm-verity superblock would be behind the disk's end");
  }
  ByteVector bytes(Superblock::bytes);
  IMMURE_TRY(pread_exactly(hashes.fd, std::as_writable_bytes(std::span(bytes)), at));
  return parse_superblock(bytes);
}

Result<void> check_tree(const Superblock& superblock, std::uint64_t superblock_at, const DiskArea& data,
                        const DiskArea& hashes, Bytes root_hash) {
  if (root_hash.size() != digest_bytes(superblock.hash)) {
    return invalid("root_hash is not of the superblock's algorithm, " +
                   std::string(name_of(superblock.hash)));
  }
  if (superblock.data_bytes() > data.size) {
    return invalid("the dm-verity superblock says " + std::to_string(superblock.data_bytes()) +
                   " bytes of data, and there is room for " + std::to_string(data.size));
  }
  const auto layout = IMMURE_TRY(layout_of(superblock, superblock_at));
  if (layout.end * superblock.hash_block_bytes > hashes.size) {
    return invalid("the dm-verity tree goes on behind the end of its disk");
  }
  auto hasher = IMMURE_TRY(BlockHasher::make(superblock.hash, superblock.salt));
  ByteVector digest(digest_bytes(superblock.hash));
  auto index = superblock.data_blocks - 1;
  IMMURE_TRY(hasher.hash(IMMURE_TRY(read_block(data, index, superblock.data_block_bytes)), digest));
  for (const auto start : layout.level_starts) {
    const auto block =
        IMMURE_TRY(read_block(hashes, start + index / layout.hashes_per_block, superblock.hash_block_bytes));
    const auto entry = Bytes(block).subspan(index % layout.hashes_per_block * digest.size());
    if (!std::ranges::equal(entry.first(digest.size()), digest) || !all_zero(entry.subspan(digest.size()))) {
      return invalid(not_of_this_root);
    }
    IMMURE_TRY(hasher.hash(block, digest));
    index /= layout.hashes_per_block;
  }
  if (!std::ranges::equal(digest, root_hash)) return invalid(not_of_this_root);
  return {};
}

}  // namespace immure::attest::verity
