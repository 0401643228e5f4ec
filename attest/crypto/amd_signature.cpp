#include "attest/crypto/amd_signature.hpp"

#include <string_view>

#include <openssl/ecdsa.h>

#include "attest/crypto/errors.hpp"

namespace immure::attest {
namespace {

constexpr std::size_t p384_bytes = 48;

Result<BignumHandle> number_from(const std::array<std::uint8_t, 72>& field, const char* name) {
  if (!all_zero(Bytes(field).subspan(p384_bytes))) {
    return invalid(std::string(name) + " is longer than 384 bits");
  }
  BignumHandle number(::BN_lebin2bn(field.data(), p384_bytes, nullptr));
  if (!number) return openssl_error(name);
  return number;
}

Result<ByteVector> to_der(const AmdSignature& signature) {
  auto r = IMMURE_TRY(number_from(signature.r, "r"));
  auto s = IMMURE_TRY(number_from(signature.s, "s"));
  const EcdsaSignatureHandle pair(::ECDSA_SIG_new());
  if (!pair || ::ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return openssl_error("signature");
  (void)r.release();
  (void)s.release();
  ByteVector der(128);
  auto* end = der.data();
  const int size = ::i2d_ECDSA_SIG(pair.get(), &end);
  if (size <= 0) return openssl_error("signature");
  der.resize(static_cast<std::size_t>(size));
  return der;
}

}  // namespace

bool is_p384(EVP_PKEY* key) {
  std::array<char, 64> name{};
  return key != nullptr && ::EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         ::EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) == 1 &&
         (std::string_view(name.data()) == "secp384r1" || std::string_view(name.data()) == "P-384");
}

Result<void> check_amd_signature(EVP_PKEY* key, Bytes message, const AmdSignature& signature) {
  if (!is_p384(key)) return invalid("the key is not on the curve P-384");
  const auto der = IMMURE_TRY(to_der(signature));
  const DigestContext context(::EVP_MD_CTX_new());
  if (!context || ::EVP_DigestVerifyInit(context.get(), nullptr, ::EVP_sha384(), nullptr, key) != 1) {
    return openssl_error("ECDSA P-384");
  }
  if (::EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) != 1) {
    (void)openssl_error("");
    return invalid("the signature is not this key's on these bytes");
  }
  return {};
}

Result<AmdSignature> make_amd_signature(EVP_PKEY* key, Bytes message) {
  if (!is_p384(key)) return invalid("the key is not on the curve P-384");
  const DigestContext context(::EVP_MD_CTX_new());
  ByteVector der(128);
  auto size = der.size();
  if (!context || ::EVP_DigestSignInit(context.get(), nullptr, ::EVP_sha384(), nullptr, key) != 1 ||
      ::EVP_DigestSign(context.get(), der.data(), &size, message.data(), message.size()) != 1) {
    return openssl_error("sign");
  }
  const auto* begin = der.data();
  const EcdsaSignatureHandle pair(::d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(size)));
  AmdSignature signature;
  if (!pair || ::BN_bn2lebinpad(::ECDSA_SIG_get0_r(pair.get()), signature.r.data(), 72) != 72 ||
      ::BN_bn2lebinpad(::ECDSA_SIG_get0_s(pair.get()), signature.s.data(), 72) != 72) {
    return openssl_error("sign");
  }
  return signature;
}

}  // namespace immure::attest
