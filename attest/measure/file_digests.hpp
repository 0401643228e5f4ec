#pragma once

#include <cstdint>
#include <functional>

#include "attest/crypto/digest.hpp"
#include "attest/measure/event.hpp"
#include "base/result.hpp"

namespace immure::attest::measure {

/// What every file and text is measured by.
struct Digests {
  Sha256Digest sha256{};
  Sha384Digest sha384{};
};

/// Told the bytes that were hashed since the last call.
using Progress = std::function<void(std::uint64_t)>;

Result<Digests> digests_of_bytes(Bytes bytes);

/// Both digests of the first `size` bytes of the file, which is read once. An Error where it ends earlier or
/// goes on behind them: it changed while it was measured.
Result<Digests> digests_of_file(int fd, std::uint64_t size, const Progress& progress);

/// An Error where the file goes on behind these bytes.
Result<void> require_end(int fd, std::uint64_t size);

/// "sha256", "sha384" and "size", in this order.
std::vector<Field> digest_fields(const Digests& digests, std::uint64_t size);

}  // namespace immure::attest::measure
