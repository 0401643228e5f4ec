#pragma once

#include "attest/crypto/bytes.hpp"
#include "attest/crypto/handles.hpp"
#include "base/result.hpp"

namespace immure::attest::quote {

/// An Error unless `signature`, a TPMT_SIGNATURE (TPM 2.0 Library, Part 2, 11.3.4), is `key`'s on `message`.
/// ECDSA with SHA-256 on P-256 alone: what our attestation keys are. Every other algorithm is refused by its
/// number.
Result<void> check_tpm_signature(EVP_PKEY* key, Bytes message, Bytes signature);

}  // namespace immure::attest::quote
