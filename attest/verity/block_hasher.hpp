#pragma once

#include <cstddef>

#include "attest/crypto/bytes.hpp"
#include "attest/crypto/handles.hpp"
#include "base/result.hpp"

namespace immure::attest::verity {

/// The hashes that a tree may be of.
enum class TreeHash { sha256, sha512 };

constexpr std::size_t digest_bytes(TreeHash hash) { return hash == TreeHash::sha256 ? 32 : 64; }
/// "sha256", "sha512": as superblocks and fsverity(1) write it.
constexpr std::string_view name_of(TreeHash hash) { return hash == TreeHash::sha256 ? "sha256" : "sha512"; }

/// Hashes one small block after the other, each behind the same bytes: a tree's salt.
class BlockHasher {
 public:
  static Result<BlockHasher> make(TreeHash hash, Bytes prefix);

  /// The digest of prefix and block goes to `out`, which has room for it.
  Result<void> hash(Bytes block, std::span<std::uint8_t> out);

 private:
  BlockHasher(DigestContext context, Bytes prefix)
      : context_(std::move(context)), prefix_(prefix.begin(), prefix.end()) {}

  DigestContext context_;
  ByteVector prefix_;
};

}  // namespace immure::attest::verity
