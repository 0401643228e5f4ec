#pragma once

#include "attest/crypto/bytes.hpp"
#include "base/result.hpp"

namespace immure::attest::quote {

/// The public half of an attestation key as its TPM describes it (TPM2B_PUBLIC; TPM 2.0 Library, Part
/// 2, 12.2).
struct TpmKey {
  static constexpr std::size_t largest = 1024;

  ByteVector name;  ///< algorithm and SHA-256 of its description: what a credential is bound to
  ByteVector x, y;  ///< on P-256, 32 bytes each
};

/// An Error unless it is a key that signs nothing but what its TPM made (restricted), that never leaves it
/// (fixedTPM, fixedParent), and whose private half the TPM drew itself; ECDSA with SHA-256 on P-256.
Result<TpmKey> parse_attestation_key(Bytes public_area);

}  // namespace immure::attest::quote
