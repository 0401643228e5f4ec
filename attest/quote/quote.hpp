#pragma once

#include <cstdint>
#include <set>

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest::quote {

// TPM_ALG_ID: TCG Algorithm Registry.
inline constexpr std::uint16_t sha256_id = 0x000b;

/// What a TPM says of some of its PCRs: a TPMS_ATTEST with a TPMS_QUOTE_INFO in it (TPM 2.0 Library, Part 2,
/// 10.12), as the TPM signed it. PCRs of the SHA-256 bank alone: every TPM 2.0 has it.
struct Quote {
  static constexpr std::size_t largest = 4096;

  ByteVector nonce;              ///< extraData: what the asker chose
  std::uint64_t clock = 0;       ///< milliseconds for which the TPM has had power
  std::set<std::uint32_t> pcrs;  ///< never empty
  ByteVector digest;             ///< SHA-256 of their values, from the lowest number on
};

/// An Error unless it is one and nothing follows it. The signature is on exactly these bytes.
Result<Quote> parse_quote(Bytes bytes);

}  // namespace immure::attest::quote
