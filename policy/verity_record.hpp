#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bounded_string.hpp"

namespace immure::policy {

/// What the guest mounts from the device that dm-verity makes of a disk. none: the disk has no tree.
enum class VerityMount : std::uint32_t { none = 0, root = 1, usr = 2 };

constexpr std::uint32_t sha256_bytes = 32;
constexpr std::uint32_t sha512_bytes = 64;
constexpr std::uint64_t verity_superblock_bytes = 512;

/// A disk that the guest reads through dm-verity: a tree of hashes over its blocks, made by
/// `veritysetup format`, of which the root hash alone has to be trusted.
struct VerityRecord {
  VerityMount mount{};
  std::uint32_t hash_bytes = 0;              ///< sha256_bytes or sha512_bytes: which hash it is
  std::array<std::uint8_t, 64> root_hash{};  ///< zero behind its end
  std::uint64_t hash_offset = 0;             ///< bytes before the tree's superblock: whole sectors
  BoundedString<32> hash_disk{};             ///< id of the disk that has the tree; empty: behind the data

  friend bool operator==(const VerityRecord&, const VerityRecord&) = default;
};

inline std::span<const std::uint8_t> root_hash_of(const VerityRecord& verity) {
  return std::span(verity.root_hash).first(verity.hash_bytes == sha512_bytes ? sha512_bytes : sha256_bytes);
}

}  // namespace immure::policy
