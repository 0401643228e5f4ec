#pragma once

#include <array>

#include "attest/crypto/bytes.hpp"
#include "attest/crypto/handles.hpp"
#include "base/result.hpp"

namespace immure::attest {

/// An ECDSA P-384 signature as AMD's firmware writes it: r and s little-endian in 72 bytes each (SEV-SNP
/// Firmware ABI Specification, 56860, "Signature Formats"). Bytes 48 to 71 of each are zero.
struct AmdSignature {
  std::array<std::uint8_t, 72> r{};
  std::array<std::uint8_t, 72> s{};
};

/// An Error unless `signature` is `key`'s on the SHA-384 of `message`. Any other encoding of r or s is
/// refused too.
Result<void> check_amd_signature(EVP_PKEY* key, Bytes message, const AmdSignature& signature);

/// Signs the SHA-384 of `message` with a P-384 private key.
Result<AmdSignature> make_amd_signature(EVP_PKEY* key, Bytes message);

/// True where the key is on the curve P-384.
bool is_p384(EVP_PKEY* key);

}  // namespace immure::attest
