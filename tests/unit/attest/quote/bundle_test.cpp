#include "attest/quote/bundle.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "attest/quote/credential.hpp"
#include "attest/quote/tpm_key.hpp"
#include "tests/unit/attest/quote/bundles.hpp"

using namespace immure::attest;
using namespace immure::attest::test;
using Json = nlohmann::json;

namespace {

bool parses(const Json& json) { return quote::parse_bundle(json.dump()).has_value(); }

/// A TPM2B_PUBLIC of an attestation key; a test can change one part.
struct KeyParts {
  std::uint16_t type = 0x0023, name_hash = 0x000b;
  std::uint32_t attributes = 0x00050072;
  std::uint16_t symmetric = 0x0010, scheme = 0x0018, hash = 0x000b, curve = 0x0003, derivation = 0x0010;
  ByteVector x = ByteVector(32, 1), y = ByteVector(32, 2);

  [[nodiscard]] ByteVector bytes() const {
    ByteVector area;
    put_number(area, type);
    put_number(area, name_hash);
    put_number(area, attributes);
    put_2b(area, {});
    put_number(area, symmetric);
    for (const auto number : {scheme, hash, curve, derivation}) put_number(area, number);
    put_2b(area, x);
    put_2b(area, y);
    ByteVector out;
    put_2b(out, area);
    return out;
  }
};

bool is_attestation_key(const KeyParts& parts) {
  return quote::parse_attestation_key(parts.bytes()).has_value();
}

}  // namespace

TEST_CASE("a bundle that was written is read as it was", "[attest]") {
  auto bundle = bundle_of(good_records());
  bundle.certificates = {{1, 2, 3}};
  const auto again = quote::parse_bundle(quote::write_bundle(bundle));
  REQUIRE(again);
  CHECK(again->key == bundle.key);
  CHECK(again->certificates == bundle.certificates);
  CHECK(again->quote == bundle.quote);
  CHECK(again->signature == bundle.signature);
  CHECK(again->pcrs == bundle.pcrs);
  CHECK(again->log == bundle.log);
}

TEST_CASE("a bundle that is not as it must be is refused", "[attest]") {
  const auto good = Json::parse(quote::write_bundle(bundle_of(good_records())));
  REQUIRE(parses(good));
  auto bad = good;
  SECTION("a member is missing") { bad.erase("log"); }
  SECTION("a member is unknown") { bad["note"] = 1; }
  SECTION("another version") { bad["version"] = 2; }
  SECTION("a version that is no number") { bad["version"] = "1"; }
  SECTION("not base64") { bad["quote"] = "%%"; }
  SECTION("not a text") { bad["key"] = 7; }
  SECTION("a PCR that there is not") { bad["pcrs"]["24"] = std::string(64, 'a'); }
  SECTION("a PCR written in another way") { bad["pcrs"]["07"] = std::string(64, 'a'); }
  SECTION("a value that is none") { bad["pcrs"]["7"] = "aa"; }
  SECTION("a value in capitals") { bad["pcrs"]["7"] = std::string(64, 'A'); }
  SECTION("values in an array") { bad["pcrs"] = Json::array(); }
  SECTION("too many certificates") { bad["certificates"] = Json(9, "AA=="); }
  CHECK_FALSE(parses(bad));
}

TEST_CASE("only a key that is bound to its TPM, and signs nothing else, can be an attestation key",
          "[attest]") {
  CHECK(is_attestation_key({}));
  for (const unsigned bit : {1U, 4U, 5U, 16U, 18U}) {
    INFO("without bit " << bit);
    CHECK_FALSE(is_attestation_key({.attributes = 0x00050072 & ~(1U << bit)}));
  }
  CHECK_FALSE(is_attestation_key({.attributes = 0x00070072}));  // It decrypts, too.
  CHECK_FALSE(is_attestation_key({.type = 0x0001}));
  CHECK_FALSE(is_attestation_key({.name_hash = 0x0004}));
  CHECK_FALSE(is_attestation_key({.symmetric = 0x0006}));
  CHECK_FALSE(is_attestation_key({.scheme = 0x0014}));
  CHECK_FALSE(is_attestation_key({.hash = 0x0004}));
  CHECK_FALSE(is_attestation_key({.curve = 0x0004}));
  CHECK_FALSE(is_attestation_key({.x = ByteVector(33, 1)}));
  auto longer = KeyParts{}.bytes();
  longer.push_back(0);
  CHECK_FALSE(quote::parse_attestation_key(longer));
}

TEST_CASE("the name of a key is the hash of all that it is", "[attest]") {
  const auto bytes = KeyParts{}.bytes();
  const auto key = quote::parse_attestation_key(bytes);
  REQUIRE(key);
  CHECK(to_hex(key->name) == "000b" + to_hex(*sha256(Bytes(bytes).subspan(2))));
}

TEST_CASE("a credential is for an RSA key only, and each one is another", "[attest]") {
  const ByteVector name(34, 1);
  const ByteVector secret(32, 2);
  CHECK_FALSE(quote::make_credential(key("p256"), name, secret));
  const auto one = quote::make_credential(key("small"), name, secret);
  REQUIRE(one);
  CHECK(one->size() == 4 + 4 + 2 + (2 + 32 + 2 + 32) + 2 + 256);
  CHECK(*one != quote::make_credential(key("small"), name, secret).value());
}
