#pragma once

#include "attest/crypto/digest.hpp"
#include "attest/quote/bundle.hpp"

namespace immure::attest::quote {

/// TPMA_NV of the index that immure makes (TPM 2.0 Library, Part 2, 13.4): extended only (type 4), with its
/// own empty password (AUTHWRITE, AUTHREAD), not subject to lock-outs (NO_DA), in memory until shutdown
/// (ORDERLY).
inline constexpr std::uint32_t nv_attributes = 0x4 << 4 | 1U << 2 | 1U << 18 | 1U << 25 | 1U << 26;
inline constexpr std::uint32_t nv_written = 1U << 29;
inline constexpr std::uint16_t nv_bytes = 32;

/// What a TPM says of an NV index: TPMS_ATTEST with a TPMS_NV_CERTIFY_INFO (Part 2, 10.12), and the public
/// area (TPMS_NV_PUBLIC) whose digest its Name is.
struct CertifiedNv {
  std::uint32_t index = 0;
  ByteVector name;
  ByteVector nonce;
  Sha256Digest value{};  ///< all that it holds
};

/// An Error unless the certificate is one, of this public area, about all of an index that was written to and
/// is of the kind that only ever is extended. The signature is on exactly the certificate's bytes.
Result<CertifiedNv> parse_nv_certificate(const NvCertificate& certificate);

}  // namespace immure::attest::quote
