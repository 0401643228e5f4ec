#pragma once

#include "attest/tpm/keys.hpp"

namespace immure::attest::tpm {

/// The secret of a credential (quote::make_credential(), tpm2_makecredential) for this attestation key; an
/// Error where it is for another TPM or another key.
Result<ByteVector> activate(const Connection& tpm, const KeyBlob& key, Bytes credential);

}  // namespace immure::attest::tpm
