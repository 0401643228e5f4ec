#include "attest/quote/tpm_signature.hpp"

#include "attest/crypto/errors.hpp"
#include "attest/crypto/signature.hpp"
#include "attest/quote/byte_reader.hpp"
#include "attest/quote/quote.hpp"

namespace immure::attest::quote {
namespace {

constexpr std::uint16_t ecdsa = 0x0018;  // TPM_ALG_ECDSA
constexpr std::size_t p256_bytes = 32;

/// The same in DER: what OpenSSL, and everybody else, takes.
Result<ByteVector> as_der(Bytes r, Bytes s) {
  const EcdsaSignatureHandle signature(::ECDSA_SIG_new());
  BignumHandle big_r(::BN_bin2bn(r.data(), static_cast<int>(r.size()), nullptr));
  BignumHandle big_s(::BN_bin2bn(s.data(), static_cast<int>(s.size()), nullptr));
  if (!signature || !big_r || !big_s || ::ECDSA_SIG_set0(signature.get(), big_r.get(), big_s.get()) != 1) {
    return openssl_error("ECDSA");
  }
  static_cast<void>(big_r.release());
  static_cast<void>(big_s.release());
  unsigned char* buffer = nullptr;
  const int size = ::i2d_ECDSA_SIG(signature.get(), &buffer);
  if (size <= 0) return openssl_error("ECDSA");
  ByteVector out(buffer, buffer + size);
  OPENSSL_free(buffer);
  return out;
}

}  // namespace

Result<void> check_tpm_signature(EVP_PKEY* key, Bytes message, Bytes signature) {
  ByteReader reader(signature);
  const auto algorithm = IMMURE_TRY(reader.number<std::uint16_t>());
  const auto hash = IMMURE_TRY(reader.number<std::uint16_t>());
  if (algorithm != ecdsa || hash != sha256_id) {
    return invalid("the signature is of an unknown algorithm: " + std::to_string(algorithm) + " with hash " +
                   std::to_string(hash) + "; known is ECDSA (24) with SHA-256 (11)");
  }
  const auto r = IMMURE_TRY(reader.sized());
  const auto s = IMMURE_TRY(reader.sized());
  IMMURE_TRY(reader.require_end());
  // Exactly so long: otherwise zeros in front would be bytes that nobody signed.
  if (r.size() != p256_bytes || s.size() != p256_bytes)
    return invalid("the signature is not of 32 and 32 bytes");
  if (IMMURE_TRY(signature_algorithm(key)) != "ecdsa-p256-sha256") {
    return invalid("the attestation key is not on P-256");
  }
  return check_signature(key, message, IMMURE_TRY(as_der(r, s)));
}

}  // namespace immure::attest::quote
