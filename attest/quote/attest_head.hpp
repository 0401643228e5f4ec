#pragma once

#include "attest/quote/byte_reader.hpp"

namespace immure::attest::quote {

/// What every TPMS_ATTEST begins with (TPM 2.0 Library, Part 2, 10.12.8).
struct AttestHead {
  ByteVector nonce;         ///< extraData
  std::uint64_t clock = 0;  ///< milliseconds that the TPM was powered
};

/// Takes the head off the front; an Error where no TPM made it, or where it attests another thing than this
/// TPM_ST_ATTEST_*.
Result<AttestHead> take_attest_head(ByteReader& reader, std::uint16_t tag);

}  // namespace immure::attest::quote
