#include "attest/snp/id_block.hpp"

#include <algorithm>
#include <concepts>
#include <span>

#include <openssl/core_names.h>

#include "attest/crypto/amd_signature.hpp"
#include "attest/crypto/errors.hpp"

namespace immure::attest::snp {
namespace {

constexpr std::uint32_t p384_with_sha384 = 1;  // table "Signature Algorithm Encodings"
constexpr std::uint32_t curve_p384 = 2;        // table "ECC Curve Identifier Encodings"
constexpr int coordinate_bytes = 72;

// Offsets of the authentication information.
constexpr std::size_t id_algorithm = 0, author_algorithm = 4, block_signature = 0x40, id_key_at = 0x240,
                      id_key_signature = 0x680, author_key_at = 0x880;

template <std::unsigned_integral T>
void put(std::span<std::uint8_t> out, std::size_t at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void put_bytes(std::span<std::uint8_t> out, std::size_t at, Bytes bytes) {
  std::ranges::copy(bytes, out.subspan(at).begin());
}

Result<void> put_coordinate(EVP_PKEY* key, const char* name, std::span<std::uint8_t> out) {
  BIGNUM* found = nullptr;
  if (::EVP_PKEY_get_bn_param(key, name, &found) != 1) return openssl_error("the key's coordinates");
  const BignumHandle number(found);
  if (::BN_bn2lebinpad(number.get(), out.data(), coordinate_bytes) != coordinate_bytes) {
    return openssl_error("the key's coordinates");
  }
  return {};
}

Result<void> put_signature(EVP_PKEY* key, Bytes message, std::span<std::uint8_t> out) {
  const auto signature = IMMURE_TRY(make_amd_signature(key, message));
  put_bytes(out, 0, signature.r);
  put_bytes(out, signature.r.size(), signature.s);
  return {};
}

}  // namespace

IdBlock make_id_block(const IdBlockInputs& inputs) {
  IdBlock block{};
  put_bytes(block, 0, inputs.launch_digest);
  put_bytes(block, 0x30, inputs.family_id);
  put_bytes(block, 0x40, inputs.image_id);
  put(block, 0x50, std::uint32_t{1});  // VERSION
  put(block, 0x54, inputs.guest_svn);
  put(block, 0x58, inputs.policy);
  return block;
}

Result<AmdPublicKey> amd_public_key(EVP_PKEY* key) {
  if (!is_p384(key)) return invalid("the key is not on the curve P-384");
  AmdPublicKey out{};
  put(out, 0, curve_p384);
  const auto rest = std::span(out).subspan(sizeof curve_p384);
  IMMURE_TRY(put_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, rest));
  IMMURE_TRY(put_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, rest.subspan(coordinate_bytes)));
  return out;
}

Result<Sha384Digest> amd_key_digest(EVP_PKEY* key) { return sha384(IMMURE_TRY(amd_public_key(key))); }

Result<IdAuthentication> make_id_authentication(const IdBlock& block, EVP_PKEY* id_key,
                                                EVP_PKEY* author_key) {
  IdAuthentication out{};
  const std::span<std::uint8_t> all(out);
  const auto id_public = IMMURE_TRY(amd_public_key(id_key));
  put(all, id_algorithm, p384_with_sha384);
  IMMURE_TRY(put_signature(id_key, block, all.subspan(block_signature)));
  put_bytes(all, id_key_at, id_public);
  if (author_key == nullptr) return out;
  put(all, author_algorithm, p384_with_sha384);
  IMMURE_TRY(put_signature(author_key, id_public, all.subspan(id_key_signature)));
  put_bytes(all, author_key_at, IMMURE_TRY(amd_public_key(author_key)));
  return out;
}

}  // namespace immure::attest::snp
