#pragma once

#include "attest/measure/file_digests.hpp"
#include "base/fs_verity.hpp"
#include "base/unique_fd.hpp"

namespace immure::attest::measure {

/// Both digests of files that were hashed in this boot, by what fs-verity says of them: nothing else of a
/// file, neither its path nor its times, says that its bytes are still the same. The file is root's alone.
///
/// What is not found is hashed, so nothing that is wrong with the cache is an error. When it is full, nothing
/// more is added until the host's next boot.
class DigestCache {
 public:
  explicit DigestCache(UniqueFd file) : file_(std::move(file)) {}

  [[nodiscard]] std::optional<Digests> find(const FsVerity& key, std::uint64_t size) const;
  void add(const FsVerity& key, std::uint64_t size, const Digests& digests);

 private:
  UniqueFd file_;
};

}  // namespace immure::attest::measure
