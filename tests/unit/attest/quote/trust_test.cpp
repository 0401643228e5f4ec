#include "attest/quote/trust.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/attest/quote/bundles.hpp"

using namespace immure::attest;
using namespace immure::attest::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A certificate of the bundle's key, its issuer and that one's, whose key the policy names.
struct Chain {
  CertificateText leaf{.subject = "ak", .issuer = "host ca", .subject_key = "p256", .issuer_key = "ask"};
  CertificateText issuer{
      .subject = "host ca", .issuer = "root", .subject_key = "ask", .issuer_key = "ark", .authority = true};
  CertificateText root{
      .subject = "root", .issuer = "root", .subject_key = "ark", .issuer_key = "ark", .authority = true};
  quote::Policy policy = good_policy();
  std::string at_time = "2026-06-01";

  Chain() {
    policy.attestation_keys.clear();
    policy.issuers = {key_id(key("ark")).value()};
  }
  [[nodiscard]] quote::Question question() const {
    auto bundle = bundle_of(good_records());
    for (const auto* text : {&leaf, &issuer, &root})
      bundle.certificates.push_back(make_certificate(*text).der());
    auto out = question_about(bundle);
    out.policy = policy;
    out.at = at(at_time);
    return out;
  }
  [[nodiscard]] std::string verdict() const {
    const auto answer = quote::verify_bundle(question());
    for (const auto& check : answer.checks.all()) {
      if (check.name == "attestation-key") return std::string(name_of(check.result)) + ": " + check.detail;
    }
    return "no check";
  }
};

}  // namespace

TEST_CASE("an attestation key is trusted by certificates that lead to a named issuer", "[attest]") {
  Chain chain;
  CHECK_THAT(chain.verdict(), ContainsSubstring("pass: "));
  CHECK(accepted(chain.question()));
  chain.policy.issuers = {key_id(key("ask")).value()};
  CHECK_THAT(chain.verdict(), ContainsSubstring("pass: "));
}

TEST_CASE("certificates that are not good do not help an attestation key", "[attest]") {
  Chain chain;
  SECTION("expired") {
    chain.leaf.not_after = "20260101000000Z";
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: expired on 2026-01-01"));
    chain.at_time = "2025-06-01";
    CHECK_THAT(chain.verdict(), ContainsSubstring("pass: "));
  }
  SECTION("the issuer's is expired") {
    chain.issuer.not_after = "20260101000000Z";
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: expired"));
  }
  SECTION("not valid yet") {
    chain.leaf.not_before = "20270101000000Z";
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: not valid before"));
  }
  SECTION("of another key") {
    chain.leaf.subject_key = "other-p256";
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: the first certificate is of another key"));
  }
  SECTION("signed by somebody else") {
    chain.leaf.issuer_key = "other";
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: the signature is not its issuer's"));
  }
  SECTION("by somebody who may not issue any") {
    chain.issuer.authority = false;
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: it may not"));
  }
  SECTION("of an authority, which could certify others") {
    chain.leaf.authority = true;
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: "));
  }
  SECTION("they lead to somebody else") {
    chain.policy.issuers = {std::string(64, 'a')};
    CHECK_THAT(chain.verdict(), ContainsSubstring("fail: the bundle's certificates lead to no issuer"));
  }
}

TEST_CASE("every byte of a certificate that is changed is noticed", "[attest]") {
  const Chain chain;
  const auto leaf = make_certificate(chain.leaf).der();
  const auto question = chain.question();
  auto bundle = quote::parse_bundle(question.bundle).value();
  const auto attestation_key = quote::read_attestation_key(bundle).value();
  REQUIRE(quote::check_trust(attestation_key.get(), bundle, chain.policy, question.at));
  for (std::size_t i = 0; i < leaf.size(); ++i) {
    auto bad = bundle;
    bad.certificates.front()[i] ^= 1;
    INFO("byte " << i);
    CHECK_FALSE(quote::check_trust(attestation_key.get(), bad, chain.policy, question.at));
  }
}
