#pragma once

#include <cstdint>

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest::quote {

/// Takes what a TPM marshalled off the front of its bytes: big-endian numbers, and TPM2Bs, which have their
/// size (16 bits) in front. An Error where the bytes end before that (TPM 2.0 Library, Part 2, 10).
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  template <typename Number>
  Result<Number> number() {
    std::uint64_t value = 0;
    for (const auto byte : IMMURE_TRY(bytes(sizeof(Number)))) value = value << 8 | byte;
    return static_cast<Number>(value);
  }
  Result<Bytes> bytes(std::size_t size) {
    if (rest_.size() < size) return invalid("it ends too early");
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  Result<Bytes> sized() { return bytes(IMMURE_TRY(number<std::uint16_t>())); }

  Result<void> require_end() const {
    if (!rest_.empty()) return invalid("something follows it");
    return {};
  }

 private:
  Bytes rest_;
};

}  // namespace immure::attest::quote
