#pragma once

#include <cstdint>

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest::log {

// TCG Canonical Event Log Format, 1.0: field types, and the content type that is ours ("I", of the range for
// vendors' use).
inline constexpr std::uint8_t number_type = 0, pcr_type = 1, nv_index_type = 2, digests_type = 3,
                              content_type = 73;
/// TPM_ALG_ID of the digests, as they are written in one byte.
inline constexpr std::uint8_t sha256_algorithm = 0x0b, sha384_algorithm = 0x0c;

/// {type u8, length u32 big-endian, value}.
struct Tlv {
  std::uint8_t type = 0;
  Bytes value;
};

void put_tlv(ByteVector& out, std::uint8_t type, Bytes value);

/// Takes the first TLV off the front of `bytes`; an Error where they end inside it.
Result<Tlv> take_tlv(Bytes& bytes);

/// The same, of a certain type; `what` names it in an Error.
Result<Bytes> take_value(Bytes& bytes, std::uint8_t type, std::string_view what);

}  // namespace immure::attest::log
