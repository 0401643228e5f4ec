#include "attest/crypto/signature.hpp"

#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/fixtures/certificates.hpp"

using namespace immure::attest;
using namespace immure::attest::test;

namespace {

const Bytes message = bytes_of_text("what is signed");

ByteVector file_of(const std::string& name) {
  std::ifstream file(IMMURE_ATTEST_KEYS "/" + name + ".pem", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("each kind of key has one algorithm", "[attest]") {
  CHECK(signature_algorithm(key("ed25519")).value() == "ed25519");
  CHECK(signature_algorithm(key("p256")).value() == "ecdsa-p256-sha256");
  CHECK(signature_algorithm(key("leaf")).value() == "ecdsa-p384-sha384");
  CHECK(signature_algorithm(key("small")).value() == "rsa-pss-sha256");
}

TEST_CASE("a key of any other kind neither signs nor verifies", "[attest]") {
  const KeyHandle short_rsa(::EVP_RSA_gen(1024U));
  const KeyHandle x25519(::EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  for (EVP_PKEY* unknown : {key("p521"), short_rsa.get(), x25519.get()}) {
    CHECK_FALSE(signature_algorithm(unknown));
    CHECK_FALSE(sign_message(unknown, message));
    CHECK_FALSE(check_signature(unknown, message, message));
  }
}

TEST_CASE("every changed byte of a signature or of what it signs is refused", "[attest]") {
  for (const auto* const name : {"ed25519", "p256", "leaf", "small"}) {
    CAPTURE(name);
    const auto signature = sign_message(key(name), message);
    REQUIRE(signature);
    CHECK(check_signature(key(name), message, *signature));
    for (std::size_t i = 0; i < signature->size(); ++i) {
      auto changed = *signature;
      changed[i] ^= 1;
      REQUIRE_FALSE(check_signature(key(name), message, changed));
    }
    for (std::size_t i = 0; i < message.size(); ++i) {
      ByteVector changed(message.begin(), message.end());
      changed[i] ^= 1;
      REQUIRE_FALSE(check_signature(key(name), changed, *signature));
    }
    CHECK_FALSE(check_signature(key(name), message, Bytes(*signature).first(signature->size() - 1)));
    CHECK_FALSE(check_signature(key(name), message, {}));
  }
}

TEST_CASE("a signature of another key is refused", "[attest]") {
  const auto signature = sign_message(key("leaf"), message);
  REQUIRE(signature);
  CHECK_FALSE(check_signature(key("author"), message, *signature));
  CHECK_FALSE(check_signature(key("ed25519"), message, *signature));
}

TEST_CASE("a private key is read from PEM, and nothing else is one", "[attest]") {
  const auto read = read_private_key(file_of("p256"));
  REQUIRE(read);
  CHECK(key_id(read->get()).value() == key_id(key("p256")).value());
  CHECK_FALSE(read_private_key(file_of("p521")));
  CHECK_FALSE(read_private_key(bytes_of_text("no key")));
  CHECK_FALSE(read_private_key({}));
}
