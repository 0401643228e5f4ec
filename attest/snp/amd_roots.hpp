#pragma once

#include "attest/crypto/digest.hpp"
#include "attest/snp/product.hpp"

namespace immure::attest::snp {

/// The SHA-384 of the SubjectPublicKeyInfo of AMD's root key (ARK) for a product. VCEK and VLEK chains of a
/// product end in the same root. docs/attestation.md says how these were established, and how to establish
/// them again.
const Sha384Digest& amd_root(Product product);

}  // namespace immure::attest::snp
