#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/crypto/digest.hpp"
#include "base/result.hpp"

namespace immure::attest::quote {

using PcrValues = std::map<std::uint32_t, Sha256Digest>;

/// A TPM's word on an NV index: see parse_nv_certificate().
struct NvCertificate {
  ByteVector public_area;  ///< TPMS_NV_PUBLIC
  ByteVector certificate;  ///< TPMS_ATTEST
  ByteVector signature;    ///< TPMT_SIGNATURE, by the attestation key

  friend bool operator==(const NvCertificate&, const NvCertificate&) = default;
};

/// Everything that a verifier far away needs: what `immure tpm quote` writes. A JSON object
/// (docs/attestation.md); its bytes are base64.
struct Bundle {
  static constexpr std::size_t largest = 32 << 20;
  static constexpr std::size_t most_certificates = 8;

  ByteVector key;                        ///< the attestation key, SubjectPublicKeyInfo in DER
  std::vector<ByteVector> certificates;  ///< DER: of that key, then of each issuer; may be empty
  ByteVector quote;                      ///< TPMS_ATTEST
  ByteVector signature;                  ///< TPMT_SIGNATURE
  PcrValues pcrs;                        ///< of the SHA-256 bank: those that are quoted
  ByteVector log;                        ///< CEL-TLV
  std::optional<NvCertificate> nv{};     ///< where launches are recorded in an NV index
};

std::string write_bundle(const Bundle& bundle);

/// An Error where a member is missing, unknown, there twice or not what it must be.
Result<Bundle> parse_bundle(std::string_view json);

}  // namespace immure::attest::quote
