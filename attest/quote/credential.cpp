#include "attest/quote/credential.hpp"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "attest/crypto/digest.hpp"
#include "attest/crypto/errors.hpp"

namespace immure::attest::quote {
namespace {

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<::EVP_PKEY_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<::EVP_CIPHER_CTX_free>>;

constexpr std::size_t seed_bytes = 32;  // As long as the endorsement key's name hash.
constexpr std::size_t aes_bytes = 16;
constexpr std::uint32_t file_magic = 0xbadcc0de, file_version = 1;  // tpm2-tools, files_write_header()

template <typename Number>
void put(ByteVector& out, Number number) {
  for (unsigned shift = 8 * sizeof(Number); shift != 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(number >> (shift - 8)));
  }
}

void put_sized(ByteVector& out, Bytes bytes) {
  put(out, static_cast<std::uint16_t>(bytes.size()));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Result<Sha256Digest> hmac(Bytes key, Bytes message) {
  Sha256Digest out{};
  unsigned size = 0;
  if (::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(),
             out.data(), &size) == nullptr) {
    return openssl_error("HMAC");
  }
  return out;
}

/// KDFa with SHA-256, for at most 256 bits: Part 1, 11.4.10.2. The label's NUL is part of it.
Result<ByteVector> derive(Bytes key, std::string_view label, Bytes context, std::size_t bytes) {
  ByteVector message;
  put(message, std::uint32_t{1});
  message.insert(message.end(), label.begin(), label.end());
  message.push_back(0);
  message.insert(message.end(), context.begin(), context.end());
  put(message, static_cast<std::uint32_t>(8 * bytes));
  const auto digest = IMMURE_TRY(hmac(key, message));
  return ByteVector(digest.begin(), digest.begin() + static_cast<std::ptrdiff_t>(bytes));
}

Result<ByteVector> encrypt_seed(EVP_PKEY* key, Bytes seed) {
  constexpr std::string_view label("IDENTITY\0", 9);
  const KeyContext context(::EVP_PKEY_CTX_new(key, nullptr));
  auto* const given = static_cast<unsigned char*>(::OPENSSL_memdup(label.data(), label.size()));
  if (!context || given == nullptr || ::EVP_PKEY_encrypt_init(context.get()) != 1 ||
      ::EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      ::EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), ::EVP_sha256()) != 1 ||
      ::EVP_PKEY_CTX_set0_rsa_oaep_label(context.get(), given, static_cast<int>(label.size())) != 1) {
    return openssl_error("encrypt for the endorsement key");
  }
  std::size_t size = 0;
  if (::EVP_PKEY_encrypt(context.get(), nullptr, &size, seed.data(), seed.size()) != 1) {
    return openssl_error("encrypt for the endorsement key");
  }
  ByteVector out(size);
  if (::EVP_PKEY_encrypt(context.get(), out.data(), &size, seed.data(), seed.size()) != 1) {
    return openssl_error("encrypt for the endorsement key");
  }
  out.resize(size);
  return out;
}

/// AES-128 in CFB with an IV of zeros: the key is used once.
Result<ByteVector> encrypt(Bytes key, Bytes plain) {
  const CipherContext context(::EVP_CIPHER_CTX_new());
  const std::array<std::uint8_t, aes_bytes> iv{};
  ByteVector out(plain.size());
  int size = 0;
  if (!context ||
      ::EVP_EncryptInit_ex(context.get(), ::EVP_aes_128_cfb128(), nullptr, key.data(), iv.data()) != 1 ||
      ::EVP_EncryptUpdate(context.get(), out.data(), &size, plain.data(), static_cast<int>(plain.size())) !=
          1 ||
      static_cast<std::size_t>(size) != plain.size()) {
    return openssl_error("AES");
  }
  return out;
}

}  // namespace

Result<ByteVector> make_credential(EVP_PKEY* endorsement_key, Bytes key_name, Bytes secret) {
  if (::EVP_PKEY_get_base_id(endorsement_key) != EVP_PKEY_RSA)
    return invalid("the endorsement key is not RSA");
  std::array<std::uint8_t, seed_bytes> seed{};
  if (::RAND_bytes(seed.data(), static_cast<int>(seed.size())) != 1) return openssl_error("draw a seed");
  ByteVector plain;
  put_sized(plain, secret);
  const auto hidden = IMMURE_TRY(encrypt(IMMURE_TRY(derive(seed, "STORAGE", key_name, aes_bytes)), plain));
  auto covered = hidden;
  covered.insert(covered.end(), key_name.begin(), key_name.end());
  const auto integrity = IMMURE_TRY(hmac(IMMURE_TRY(derive(seed, "INTEGRITY", {}, seed_bytes)), covered));
  ByteVector id_object;
  put_sized(id_object, integrity);
  id_object.insert(id_object.end(), hidden.begin(), hidden.end());
  ByteVector out;
  put(out, file_magic);
  put(out, file_version);
  put_sized(out, id_object);
  put_sized(out, IMMURE_TRY(encrypt_seed(endorsement_key, seed)));
  return out;
}

}  // namespace immure::attest::quote
