#pragma once

#include "attest/crypto/bytes.hpp"
#include "attest/tpm/connection.hpp"

namespace immure::attest::tpm {

/// A key that only this TPM can use: both halves as it hands them out, the private one encrypted for itself.
struct KeyBlob {
  ByteVector public_area;   ///< TPM2B_PUBLIC
  ByteVector private_area;  ///< TPM2B_PRIVATE
};

/// The storage root key: made anew each time, from the owner's seed, and always the same.
Result<Loaded> storage_root(const Connection& tpm);

/// Lets the TPM make a key or keep a secret below the storage root; `what` stands for it in an Error.
Result<KeyBlob> create(const Connection& tpm, const TPM2B_SENSITIVE_CREATE& sensitive,
                       const TPM2B_PUBLIC& wanted, const char* what);

/// An attestation key: signs only what the TPM itself made (restricted), never leaves it (fixedTPM). ECDSA on
/// P-256.
Result<KeyBlob> make_attestation_key(const Connection& tpm);
/// Loads any key or sealed object that was made below the storage root.
Result<Loaded> load(const Connection& tpm, const KeyBlob& blob);

/// The endorsement key whose certificate the maker put into the TPM: RSA 2048, TCG EK Credential Profile,
/// B.3.3.
Result<Loaded> endorsement_key(const Connection& tpm);
/// Its certificate, DER, from NV index 0x01c00002.
Result<ByteVector> endorsement_certificate(const Connection& tpm);

/// What a TPM2B_PUBLIC or TPM2B_PRIVATE holds, from and to bytes; an Error where they are none.
Result<TPM2B_PUBLIC> read_public(Bytes bytes);
Result<TPM2B_PRIVATE> read_private(Bytes bytes);
Result<ByteVector> write_public(const TPM2B_PUBLIC& area);
Result<ByteVector> write_private(const TPM2B_PRIVATE& area);

}  // namespace immure::attest::tpm
