#pragma once

#include "attest/x509/certificate.hpp"

namespace immure::attest {

/// What AMD's key distribution signs with: RSA-PSS, SHA-384, MGF1 with SHA-384, a salt of 48 bytes. Any other
/// algorithm or parameter is an Error. (AMD 57230, "Versioned Chip Endorsement Key Certificate", 3.)
Result<void> check_signature_algorithm(const Certificate& certificate);

/// ARK, ASK and ASVK: RSA with 4096 bits.
Result<void> check_ca_key(const Certificate& certificate);
/// VCEK and VLEK: P-384.
Result<void> check_endorsement_key(const Certificate& certificate);

/// May sign certificates: basicConstraints, keyUsage, no critical extension that is not understood.
/// `below` is how many certificate authorities may follow it in the chain.
Result<void> check_is_authority(const Certificate& certificate, int below);
/// May not.
Result<void> check_is_no_authority(const Certificate& certificate);

/// An Error unless `issuer` is named in, and signed, `certificate`.
Result<void> check_issued_by(const Certificate& certificate, const Certificate& issuer);

/// An Error unless `at` is within the certificate's life.
Result<void> check_valid_at(const Certificate& certificate, std::chrono::sys_seconds at);

}  // namespace immure::attest
