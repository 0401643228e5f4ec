#include "attest/verity/tree_root.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>

#include "base/io.hpp"

namespace immure::attest::verity {
namespace {

std::uint64_t divided_up(std::uint64_t value, std::uint64_t by) {
  return value / by + (value % by != 0 ? 1 : 0);
}

/// The lowest level, which is nearly all of the work. Each group of data blocks whose digests fill a hash
/// block gives one digest, that block's; the threads take one group after the other, and need nothing of each
/// other.
class LowestLevel {
 public:
  LowestLevel(int fd, const TreeShape& shape)
      : fd_(fd),
        shape_(shape),
        digest_(digest_bytes(shape.hash)),
        group_bytes_(shape.hash_block_bytes / digest_ * shape.data_block_bytes),
        groups_(divided_up(shape.data_bytes, group_bytes_)),
        digests_(groups_ * digest_) {}

  Result<ByteVector> run(Crew& crew, const Progress& progress) {
    crew.run([&](unsigned member) {
      if (const auto done = work(member == 0 ? &progress : nullptr); !done) fail(done.error());
    });
    progress(hashed_.exchange(0));
    if (error_) return std::unexpected(*error_);
    return std::move(digests_);
  }

 private:
  Result<void> work(const Progress* progress) {
    auto hasher = IMMURE_TRY(BlockHasher::make(shape_.hash, shape_.prefix));
    ByteVector data(group_bytes_);
    ByteVector block(shape_.hash_block_bytes);
    for (auto group = next_++; group < groups_ && !failed_; group = next_++) {
      IMMURE_TRY(hash_group(group, hasher, data, block));
      if (progress != nullptr) (*progress)(hashed_.exchange(0));
    }
    return {};
  }

  Result<void> hash_group(std::uint64_t group, BlockHasher& hasher, ByteVector& data, ByteVector& block) {
    const auto at = group * group_bytes_;
    const auto here = std::min(group_bytes_, shape_.data_bytes - at);
    IMMURE_TRY(pread_exactly(fd_, std::as_writable_bytes(std::span(data).first(here)), at));
    const auto blocks = divided_up(here, shape_.data_block_bytes);
    std::ranges::fill(std::span(data).first(blocks * shape_.data_block_bytes).subspan(here), std::uint8_t{0});
    std::ranges::fill(std::span(block).subspan(blocks * digest_), std::uint8_t{0});
    for (std::uint64_t i = 0; i < blocks; ++i) {
      const auto one = Bytes(data).subspan(i * shape_.data_block_bytes, shape_.data_block_bytes);
      IMMURE_TRY(hasher.hash(one, std::span(block).subspan(i * digest_, digest_)));
    }
    hashed_ += here;
    const auto out = std::span(digests_).subspan(group * digest_, digest_);
    // The tree over a single block has no level: its root is that block's digest.
    if (shape_.data_bytes <= shape_.data_block_bytes) {
      std::ranges::copy(std::span(block).first(digest_), out.begin());
      return {};
    }
    return hasher.hash(block, out);
  }

  void fail(const Error& error) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    if (!error_) error_ = error;
  }

  int fd_;
  const TreeShape& shape_;
  std::uint64_t digest_;
  std::uint64_t group_bytes_;
  std::uint64_t groups_;
  ByteVector digests_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> hashed_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::optional<Error> error_;
};

/// One level up: the digests of the blocks that these digests fill.
Result<ByteVector> next_level(Bytes digests, const TreeShape& shape, BlockHasher& hasher) {
  const auto digest = digest_bytes(shape.hash);
  ByteVector out(divided_up(digests.size(), shape.hash_block_bytes) * digest);
  ByteVector block(shape.hash_block_bytes);
  for (std::uint64_t i = 0; i * block.size() < digests.size(); ++i) {
    const auto part = digests.subspan(i * block.size())
                          .first(std::min<std::size_t>(block.size(), digests.size() - i * block.size()));
    std::ranges::fill(std::ranges::copy(part, block.begin()).out, block.end(), std::uint8_t{0});
    IMMURE_TRY(hasher.hash(block, std::span(out).subspan(i * digest, digest)));
  }
  return out;
}

}  // namespace

Result<ByteVector> tree_root(int fd, const TreeShape& shape, Crew& crew, const Progress& progress) {
  constexpr std::uint64_t most_digests = 1ULL << 30;
  const auto digest = digest_bytes(shape.hash);
  const auto group = shape.hash_block_bytes / digest * shape.data_block_bytes;
  if (divided_up(shape.data_bytes, group) > most_digests / digest) {
    return invalid("its tree would take more than 1 GiB of memory: blocks of 4096 bytes need less");
  }
  auto hasher = IMMURE_TRY(BlockHasher::make(shape.hash, shape.prefix));
  auto digests = IMMURE_TRY(LowestLevel(fd, shape).run(crew, progress));
  while (digests.size() > digest) digests = IMMURE_TRY(next_level(digests, shape, hasher));
  return digests;
}

Result<ByteVector> dm_verity_root(int fd, const Superblock& superblock, Crew& crew,
                                  const Progress& progress) {
  const TreeShape shape{.hash = superblock.hash,
                        .data_block_bytes = superblock.data_block_bytes,
                        .hash_block_bytes = superblock.hash_block_bytes,
                        .data_bytes = superblock.data_bytes(),
                        .prefix = superblock.salt};
  return tree_root(fd, shape, crew, progress);
}

Result<ByteVector> fs_verity_digest(int fd, std::uint64_t size, TreeHash hash, Crew& crew,
                                    const Progress& progress) {
  constexpr std::uint64_t block_bytes = 4096;
  constexpr std::uint8_t log_block_bytes = 12, version = 1, sha256_number = 1, sha512_number = 2;
  constexpr std::size_t size_at = 8, root_at = 16;
  // struct fsverity_descriptor; what stays zero is salt, signature and room for later.
  std::array<std::uint8_t, 256> descriptor{version, hash == TreeHash::sha256 ? sha256_number : sha512_number,
                                           log_block_bytes};
  for (std::size_t i = 0; i < sizeof size; ++i)
    descriptor.at(size_at + i) = static_cast<std::uint8_t>(size >> 8 * i);
  if (size != 0) {
    const TreeShape shape{
        .hash = hash, .data_block_bytes = block_bytes, .hash_block_bytes = block_bytes, .data_bytes = size};
    const auto root = IMMURE_TRY(tree_root(fd, shape, crew, progress));
    std::ranges::copy(root, descriptor.begin() + root_at);
  }
  auto hasher = IMMURE_TRY(BlockHasher::make(hash, {}));
  ByteVector digest(digest_bytes(hash));
  IMMURE_TRY(hasher.hash(descriptor, digest));
  return digest;
}

}  // namespace immure::attest::verity
