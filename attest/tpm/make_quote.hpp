#pragma once

#include <set>

#include "attest/quote/bundle.hpp"
#include "attest/tpm/keys.hpp"

namespace immure::attest::tpm {

/// What the TPM says of these PCRs of its SHA-256 bank, with this nonce, signed by this key: the members of a
/// Bundle but its certificates and log. The values belong to the quote: it is made again where a PCR was
/// extended in between.
Result<quote::Bundle> make_quote(const Connection& tpm, const KeyBlob& key, Bytes nonce,
                                 const std::set<std::uint32_t>& pcrs);

/// TPMT_SIGNATURE, as it is written.
Result<ByteVector> signature_bytes(const TPMT_SIGNATURE& signature);

/// The key as SubjectPublicKeyInfo in DER; an Error where it is no key on P-256.
Result<ByteVector> public_key_of(Bytes public_area);

}  // namespace immure::attest::tpm
