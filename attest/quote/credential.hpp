#pragma once

#include "attest/crypto/bytes.hpp"
#include "attest/crypto/handles.hpp"
#include "base/result.hpp"

namespace immure::attest::quote {

/// TPM2_MakeCredential() without a TPM (TPM 2.0 Library, Part 1, 24 and B.10): only the TPM that has the
/// private half of `endorsement_key` (RSA), and with it a key of this name, can read the secret. Yields a
/// file as tpm2-tools writes and reads it: magic, version, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET.
Result<ByteVector> make_credential(EVP_PKEY* endorsement_key, Bytes key_name, Bytes secret);

}  // namespace immure::attest::quote
