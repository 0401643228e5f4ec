#include "attest/crypto/signature.hpp"

#include <array>
#include <climits>
#include <string_view>

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "attest/crypto/digest.hpp"
#include "attest/crypto/errors.hpp"

namespace immure::attest {
namespace {

struct Algorithm {
  const char* name;
  const EVP_MD* hash;  ///< nullptr where the algorithm has its own
  enum class Padding { none, pss } padding;
};

constexpr int least_rsa_bits = 2048;
constexpr int most_rsa_bits = 8192;
constexpr int pss_salt = 32;

Result<Algorithm> algorithm_of_curve(EVP_PKEY* key) {
  std::array<char, 64> group{};
  if (::EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) != 1) {
    return openssl_error("the key's curve");
  }
  const std::string_view name(group.data());
  if (name == "prime256v1" || name == "P-256") {
    return Algorithm{"ecdsa-p256-sha256", ::EVP_sha256(), Algorithm::Padding::none};
  }
  if (name == "secp384r1" || name == "P-384") {
    return Algorithm{"ecdsa-p384-sha384", ::EVP_sha384(), Algorithm::Padding::none};
  }
  return invalid("the key is on the curve " + std::string(name) + ", not on P-256 or P-384");
}

Result<Algorithm> algorithm_of(EVP_PKEY* key) {
  switch (key == nullptr ? EVP_PKEY_NONE : ::EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
      return Algorithm{"ed25519", nullptr, Algorithm::Padding::none};
    case EVP_PKEY_EC:
      return algorithm_of_curve(key);
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: {
      const int bits = ::EVP_PKEY_get_bits(key);
      if (bits < least_rsa_bits || bits > most_rsa_bits) {
        return invalid("the RSA key has " + std::to_string(bits) + " bits; allowed are 2048 to 8192");
      }
      return Algorithm{"rsa-pss-sha256", ::EVP_sha256(), Algorithm::Padding::pss};
    }
    default:
      return invalid("the key is of none of the kinds Ed25519, ECDSA (P-256, P-384) and RSA");
  }
}

Result<void> set_padding(EVP_PKEY_CTX* parameters, const Algorithm& algorithm) {
  if (algorithm.padding == Algorithm::Padding::none) return {};
  if (::EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
      ::EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, pss_salt) != 1 ||
      ::EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, algorithm.hash) != 1) {
    return openssl_error("RSA-PSS");
  }
  return {};
}

/// Never asks at a terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

Result<std::string> signature_algorithm(EVP_PKEY* key) { return IMMURE_TRY(algorithm_of(key)).name; }

Result<ByteVector> sign_message(EVP_PKEY* key, Bytes message) {
  const auto algorithm = IMMURE_TRY(algorithm_of(key));
  const DigestContext context(::EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (!context || ::EVP_DigestSignInit(context.get(), &parameters, algorithm.hash, nullptr, key) != 1) {
    return openssl_error("sign");
  }
  IMMURE_TRY(set_padding(parameters, algorithm));
  std::size_t size = 0;
  if (::EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
    return openssl_error("sign");
  }
  ByteVector signature(size);
  if (::EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return openssl_error("sign");
  }
  signature.resize(size);
  return signature;
}

Result<void> check_signature(EVP_PKEY* key, Bytes message, Bytes signature) {
  const auto algorithm = IMMURE_TRY(algorithm_of(key));
  const DigestContext context(::EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (!context || ::EVP_DigestVerifyInit(context.get(), &parameters, algorithm.hash, nullptr, key) != 1) {
    return openssl_error(algorithm.name);
  }
  IMMURE_TRY(set_padding(parameters, algorithm));
  if (::EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) !=
      1) {
    (void)openssl_error("");
    return invalid("the signature is not this key's on these bytes");
  }
  return {};
}

Result<std::string> key_id(EVP_PKEY* key) {
  unsigned char* buffer = nullptr;
  const int size = ::i2d_PUBKEY(key, &buffer);
  if (size <= 0) return openssl_error("encode the public key");
  const auto digest = sha256({buffer, static_cast<std::size_t>(size)});
  OPENSSL_free(buffer);
  return to_hex(IMMURE_TRY(digest));
}

Result<KeyHandle> read_private_key(Bytes pem) {
  if (pem.size() > INT_MAX) return invalid("not a private key: too long");
  const BioHandle source(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!source) return openssl_error("read the private key");
  bool asked = false;
  KeyHandle key(::PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, &asked));
  if (!key && asked) {
    (void)openssl_error("");
    return invalid("the private key is encrypted; decrypt it first: openssl pkey -in KEY -out PLAIN");
  }
  if (!key) return openssl_error("not a private key in PEM");
  IMMURE_TRY(signature_algorithm(key.get()));
  return key;
}

}  // namespace immure::attest
