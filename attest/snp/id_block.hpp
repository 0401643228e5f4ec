#pragma once

#include <array>
#include <cstdint>

#include "attest/crypto/digest.hpp"
#include "attest/crypto/handles.hpp"

namespace immure::attest::snp {

/// What the firmware compares a launch with, and binds into the report: SEV-SNP Firmware ABI Specification
/// (56860), 8.18, table "ID Block".
struct IdBlockInputs {
  Sha384Digest launch_digest{};
  std::array<std::uint8_t, 16> family_id{};
  std::array<std::uint8_t, 16> image_id{};
  std::uint32_t guest_svn = 0;
  std::uint64_t policy = 0x30000;  ///< the guest policy; as given: SMT is allowed
};

using IdBlock = std::array<std::uint8_t, 96>;
using IdAuthentication = std::array<std::uint8_t, 4096>;
using AmdPublicKey = std::array<std::uint8_t, 0x404>;

IdBlock make_id_block(const IdBlockInputs& inputs);

/// The signatures and keys that go with a block (table "ID Authentication Information Structure"): the id key
/// signs the block, the author key, where there is one, the id key. Both on P-384.
Result<IdAuthentication> make_id_authentication(const IdBlock& block, EVP_PKEY* id_key, EVP_PKEY* author_key);

/// A P-384 public key as the firmware has it: curve, x and y little-endian in 72 bytes each.
Result<AmdPublicKey> amd_public_key(EVP_PKEY* key);

/// What a report says of such a key: ID_KEY_DIGEST, AUTHOR_KEY_DIGEST.
Result<Sha384Digest> amd_key_digest(EVP_PKEY* key);

}  // namespace immure::attest::snp
