#pragma once

#include <string>

#include "attest/crypto/bytes.hpp"
#include "attest/crypto/handles.hpp"
#include "base/result.hpp"

namespace immure::attest {

/// The signatures of manifests: one algorithm for each kind of key, so that nothing has to be negotiated.
///   Ed25519            RFC 8032
///   ECDSA P-256        with SHA-256, in DER
///   ECDSA P-384        with SHA-384, in DER
///   RSA 2048 to 8192   PSS with SHA-256, MGF1 with SHA-256, salt of 32 bytes
/// The name of the key's: "ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384", "rsa-pss-sha256"; an Error for
/// every other kind of key.
Result<std::string> signature_algorithm(EVP_PKEY* key);

Result<ByteVector> sign_message(EVP_PKEY* key, Bytes message);

/// An Error unless `signature` is `key`'s on `message`.
Result<void> check_signature(EVP_PKEY* key, Bytes message, Bytes signature);

/// SHA-256 of the SubjectPublicKeyInfo in hexadecimal: names a key, whatever file it is in.
Result<std::string> key_id(EVP_PKEY* key);

/// The private key of a PEM text. An encrypted one is refused: a confined program can ask nobody.
Result<KeyHandle> read_private_key(Bytes pem);

}  // namespace immure::attest
