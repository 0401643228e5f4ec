#include "attest/x509/certificate.hpp"

#include <catch2/catch_test_macros.hpp>
#include <openssl/objects.h>

#include "attest/x509/amd_profile.hpp"
#include "tests/unit/attest/fixtures/evidence.hpp"

using namespace immure::attest;
using namespace immure::attest::test;

namespace {

std::string refusal(const immure::Result<void>& result) {
  REQUIRE_FALSE(result);
  return result.error().message;
}

}  // namespace

TEST_CASE("a certificate tells its names, its key and its life", "[attest]") {
  const auto ark = make_certificate(ark_text());
  const auto ask = make_certificate(ask_text({}));
  CHECK(ark.common_name() == "ARK-Test");
  CHECK(ark.is_self_issued());
  CHECK_FALSE(ask.is_self_issued());
  CHECK(ask.names_as_issuer(ark));
  CHECK(*ark.public_key_digest() != *ask.public_key_digest());
  using namespace std::chrono;
  CHECK(ark.validity()->not_before == sys_seconds(sys_days(2020y / 1 / 1)));
  CHECK(ark.validity()->not_after == sys_seconds(sys_days(2045y / 1 / 1)));
}

TEST_CASE("a certificate with something behind it, or cut short, is none", "[attest]") {
  auto der = make_certificate(ark_text()).der();
  CHECK(Certificate::parse(der));
  for (std::size_t size = 0; size < der.size(); ++size)
    CHECK_FALSE(Certificate::parse(Bytes(der).first(size)));
  der.push_back(0);
  CHECK_FALSE(Certificate::parse(der));
  CHECK_FALSE(Certificate::parse(ByteVector(Certificate::largest + 1)));
}

TEST_CASE("an extension that is there twice is an error, one that is missing is not", "[attest]") {
  auto text = ark_text();
  text.extensions = {{"1.2.3.4", {1}}, {"1.2.3.5", {1}}, {"1.2.3.5", {2}}};
  const auto certificate = make_certificate(text);
  CHECK(*certificate.extension("1.2.3.4") == ByteVector{1});
  CHECK_FALSE(certificate.extension("1.2.3.5"));
  CHECK_FALSE(certificate.extension("1.2.3.6")->has_value());
}

TEST_CASE("only RSA-PSS with SHA-384 and a salt of 48 bytes counts as AMD's signature", "[attest]") {
  CHECK(check_signature_algorithm(make_certificate(ark_text())));
  auto text = ark_text();
  SECTION("another salt") {
    text.salt = 32;
    CHECK(refusal(check_signature_algorithm(make_certificate(text))).contains("salt 48"));
  }
  SECTION("another hash") {
    text.hash = "SHA256";
    CHECK(refusal(check_signature_algorithm(make_certificate(text))).contains("SHA-384"));
  }
  SECTION("PKCS #1 version 1.5") {
    text.salt = 0;
    CHECK(refusal(check_signature_algorithm(make_certificate(text))).contains("not with RSA-PSS"));
  }
  SECTION("ECDSA") {
    text.issuer_key = "leaf";
    CHECK(refusal(check_signature_algorithm(make_certificate(text))).contains("not with RSA-PSS"));
  }
}

TEST_CASE("keys of another kind or size are refused", "[attest]") {
  auto text = ark_text();
  CHECK(check_ca_key(make_certificate(text)));
  CHECK_FALSE(check_endorsement_key(make_certificate(text)));
  text.subject_key = "small";
  CHECK_FALSE(check_ca_key(make_certificate(text)));
  text.subject_key = "p256";
  CHECK_FALSE(check_ca_key(make_certificate(text)));
  CHECK_FALSE(check_endorsement_key(make_certificate(text)));
  text.subject_key = "leaf";
  CHECK(check_endorsement_key(make_certificate(text)));
}

TEST_CASE("only an authority may issue, and not below the path that it allows", "[attest]") {
  auto text = ark_text();
  CHECK(check_is_authority(make_certificate(text), 1));
  CHECK_FALSE(check_is_no_authority(make_certificate(text)));
  text.authority = false;
  CHECK_FALSE(check_is_authority(make_certificate(text), 0));
  CHECK(check_is_no_authority(make_certificate(text)));
  text.standard = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}, {NID_key_usage, "keyCertSign"}};
  CHECK(check_is_authority(make_certificate(text), 0));
  CHECK(refusal(check_is_authority(make_certificate(text), 1)).contains("pathLenConstraint"));
  text.standard = {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "cRLSign"}};
  CHECK(refusal(check_is_authority(make_certificate(text), 0)).contains("keyUsage"));
}

TEST_CASE("a signature by another key of the issuer's name is refused", "[attest]") {
  const auto ark = make_certificate(ark_text());
  auto text = ask_text({});
  CHECK(check_issued_by(make_certificate(text), ark));
  text.issuer_key = "other";
  CHECK(refusal(check_issued_by(make_certificate(text), ark)).contains("signature"));
  text = ask_text({});
  text.issuer = "ARK-Other";
  CHECK(refusal(check_issued_by(make_certificate(text), ark)).contains("another issuer"));
}

TEST_CASE("a certificate counts from its first second to its last", "[attest]") {
  const auto ark = make_certificate(ark_text());
  const auto [first, last] = *ark.validity();
  using std::chrono::seconds;
  CHECK(check_valid_at(ark, first));
  CHECK(check_valid_at(ark, last));
  CHECK(refusal(check_valid_at(ark, first - seconds(1))).contains("not valid before 2020-01-01T00:00:00Z"));
  CHECK(refusal(check_valid_at(ark, last + seconds(1))).contains("expired on 2045-01-01T00:00:00Z"));
}
