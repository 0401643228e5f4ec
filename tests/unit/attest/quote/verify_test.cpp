#include "attest/quote/verify.hpp"

#include <catch2/catch_test_macros.hpp>

#include "attest/quote/explain.hpp"
#include "attest/quote/launches.hpp"
#include "tests/unit/attest/quote/bundles.hpp"

using namespace immure::attest;
using namespace immure::attest::test;
using quote::verify_bundle;

TEST_CASE("a bundle that is as it must be passes every check", "[attest]") {
  const auto answer = verify_bundle(question_about(bundle_of(good_records())));
  for (const auto& check : answer.checks.all()) {
    INFO(check.name << ": " << check.detail);
    CHECK(check.result == CheckResult::pass);
  }
  CHECK(quote::explain(answer).empty());
  for (const auto* name : {"bundle", "attestation-key", "quote", "quote-signature", "nonce", "pcr-values",
                           "log", "log-replay", "policy-launches", "policy-event-kernel"}) {
    CHECK(result_of(answer, name) == CheckResult::pass);
  }
}

TEST_CASE("a quote with another nonce, or of before, is refused", "[attest]") {
  auto question = question_about(bundle_of(good_records()));
  SECTION("the verifier sent another one") { question.nonce = ByteVector{8, 7, 6}; }
  SECTION("the quote has none") {
    question = question_about(bundle_of(good_records(), "p256", {.nonce = {}}));
  }
  CHECK(result_of(verify_bundle(question), "nonce") == CheckResult::fail);
  CHECK_FALSE(accepted(question));
}

TEST_CASE("without a nonce nothing says that the quote is new", "[attest]") {
  auto question = question_about(bundle_of(good_records()));
  question.nonce = std::nullopt;
  CHECK(result_of(verify_bundle(question), "nonce") == CheckResult::not_evaluated);
  CHECK_FALSE(accepted(question));
}

TEST_CASE("a quote that says nothing, or that is not one, is refused", "[attest]") {
  QuoteParts parts;
  SECTION("no PCR is selected") { parts.selection = {0, 0, 0}; }
  SECTION("the selection is empty") { parts.selection = {}; }
  SECTION("no bank") { parts.banks = 0; }
  SECTION("a bank of another hash") { parts.hash = 0x0004; }
  SECTION("an unknown hash") { parts.hash = 0x7777; }
  SECTION("not made by a TPM") { parts.magic = 0x12345678; }
  SECTION("a certification of a key, not a quote") { parts.tag = 0x8017; }
  SECTION("something behind it") { parts.behind = {0}; }
  SECTION("a digest of another length") { parts.digest = ByteVector(20, 1); }
  const auto answer = verify_bundle(question_about(bundle_of(good_records(), "p256", parts)));
  CHECK(result_of(answer, "quote") == CheckResult::fail);
  CHECK(result_of(answer, "quote-signature") == CheckResult::not_evaluated);
  CHECK_FALSE(answer.checks.passed(CheckKind::evidence));
}

TEST_CASE("values that are not the quoted ones are refused", "[attest]") {
  auto bundle = bundle_of(good_records());
  SECTION("another value") { bundle.pcrs[13][0] ^= 1; }
  SECTION("one more") { bundle.pcrs[7] = {}; }
  SECTION("none") { bundle.pcrs.clear(); }
  CHECK(result_of(verify_bundle(question_about(bundle)), "pcr-values") == CheckResult::fail);
}

TEST_CASE("a log that is not what the TPM was told is refused, and it is said why", "[attest]") {
  const auto records = good_records();
  auto bundle = bundle_of(records);
  std::string why;
  SECTION("truncated") {
    bundle.log = log::write_cel({records.begin(), records.end() - 1});
    why = "no beginning of the log";
  }
  SECTION("with an event behind it that the TPM was not told") {
    auto more = records;
    auto extra = log::make_records({records.front().event}, 13, records.size()).value();
    more.push_back(extra.front());
    bundle.log = log::write_cel(more);
    why = "the first " + std::to_string(records.size()) + " of " + std::to_string(more.size());
  }
  SECTION("with an event in its middle that the TPM was not told") {
    auto events = good_events();
    events.insert(events.begin() + 2,
                  {.kind = measure::EventKind::code, .name = "extra", .fields = {{"value", "x"}}});
    bundle.log = log::write_cel(log::make_records(events, 13).value());
    why = "without record 2 (extra)";
  }
  SECTION("of a TPM that was reset since") {
    bundle.pcrs[13] = {};
    why = "nothing was ever extended";
  }
  const auto answer = verify_bundle(question_about(bundle));
  CHECK(result_of(answer, "log-replay") == CheckResult::fail);
  CHECK_FALSE(answer.checks.passed(CheckKind::log));
  const auto explained = quote::explain(answer);
  REQUIRE(explained.size() == 1);
  INFO(explained.front());
  CHECK(explained.front().contains(why));
}

TEST_CASE("a log for a PCR that software can reset is refused", "[attest]") {
  const auto records = log::make_records(good_events(), 16).value();
  const auto answer = verify_bundle(question_about(bundle_of(records, "p256", {.selection = {0, 0, 1}})));
  CHECK(result_of(answer, "log") == CheckResult::fail);
  CHECK(result_of(answer, "log-replay") == CheckResult::not_evaluated);
  CHECK(result_of(answer, "policy-event-kernel") == CheckResult::not_evaluated);
}

TEST_CASE("only a key that the policy trusts counts", "[attest]") {
  auto bundle = bundle_of(good_records());
  auto question = question_about(bundle);
  SECTION("another one signed") {
    question.policy.attestation_keys = {std::string(64, 'a')};
    const auto answer = verify_bundle(question);
    CHECK(result_of(answer, "attestation-key") == CheckResult::fail);
    CHECK(result_of(answer, "quote-signature") == CheckResult::pass);
  }
  SECTION("the bundle names the trusted key, but another one signed") {
    bundle.signature = tpm_signature(key("other-p256"), bundle.quote);
    CHECK(result_of(verify_bundle(question_about(bundle)), "quote-signature") == CheckResult::fail);
  }
  SECTION("a key of another kind") {
    bundle.key = public_der(key("ed25519"));
    question = question_about(bundle);
    question.policy.attestation_keys = {key_id(key("ed25519")).value()};
    CHECK(result_of(verify_bundle(question), "quote-signature") == CheckResult::fail);
  }
  SECTION("an unknown algorithm") {
    bundle.signature[1] = 0x14;
    CHECK(result_of(verify_bundle(question_about(bundle)), "quote-signature") == CheckResult::fail);
  }
}

TEST_CASE("each event has to be one of its reference values, and none is left out", "[attest]") {
  auto question = question_about(bundle_of(good_records()));
  auto& events = question.policy.events;
  SECTION("another kernel") {
    events["kernel"] = {std::string(64, '0')};
    CHECK(result_of(verify_bundle(question), "policy-event-kernel") == CheckResult::fail);
  }
  SECTION("an event that the policy does not know") {
    events.erase("command-line");
    CHECK(result_of(verify_bundle(question), "policy-event-command-line") == CheckResult::fail);
  }
  SECTION("an event that the launch lacks") {
    events["firmware"] = {std::string(64, '0')};
    CHECK(result_of(verify_bundle(question), "policy-event-firmware") == CheckResult::fail);
  }
  SECTION("another guest") {
    question.policy.guest = "another";
    const auto answer = verify_bundle(question);
    CHECK(result_of(answer, "policy-launches") == CheckResult::fail);
    CHECK(result_of(answer, "policy-event-kernel") == CheckResult::not_evaluated);
  }
  SECTION("another name") {
    question.policy.identity["name"] = {"another"};
    CHECK(result_of(verify_bundle(question), "policy-identity-name") == CheckResult::fail);
  }
  SECTION("a PCR that is not quoted") {
    question.policy.pcrs[7] = {std::string(64, '0')};
    CHECK(result_of(verify_bundle(question), "policy-pcr-7") == CheckResult::fail);
  }
  SECTION("a PCR with another value") {
    question.policy.pcrs[13] = {std::string(64, '0')};
    CHECK(result_of(verify_bundle(question), "policy-pcr-13") == CheckResult::fail);
  }
  CHECK_FALSE(verify_bundle(question).checks.passed(CheckKind::policy));
  CHECK(verify_bundle(question).checks.passed(CheckKind::log));
}

TEST_CASE("every launch of the guest that is asked for is looked at", "[attest]") {
  auto events = good_events();
  const auto once = events.size();
  for (std::size_t i = 0; i < once; ++i) events.push_back(events[i]);
  auto& second_kernel = events[once];
  REQUIRE(second_kernel.name == "kernel");
  second_kernel.fields.front().value = std::string(64, 'b');
  auto question = question_about(bundle_of(log::make_records(events, 13).value()));
  CHECK(result_of(verify_bundle(question), "policy-event-kernel") == CheckResult::fail);
  SECTION("one of another guest is not") {
    for (auto& event : std::span(events).subspan(once)) {
      if (event.name == "name") event.fields.front().value = "another";
    }
    question = question_about(bundle_of(log::make_records(events, 13).value()));
    question.policy.guest = std::string(*quote::split_launches(good_events()).front().identity_value("name"));
    CHECK(accepted(question));
  }
}

TEST_CASE("every byte of quote, signature, key and log that is changed is noticed", "[attest]") {
  const auto good = bundle_of(good_records());
  REQUIRE(accepted(question_about(good)));
  for (auto member :
       {&quote::Bundle::quote, &quote::Bundle::signature, &quote::Bundle::key, &quote::Bundle::log}) {
    for (std::size_t i = 0; i < (good.*member).size(); ++i) {
      auto bad = good;
      (bad.*member)[i] ^= 1;
      INFO("byte " << i);
      CHECK_FALSE(accepted(question_about(bad)));
    }
  }
}

TEST_CASE("every end of the log but its own is noticed", "[attest]") {
  const auto good = bundle_of(good_records());
  for (std::size_t i = 0; i < good.log.size(); ++i) {
    auto bad = good;
    bad.log.resize(i);
    CHECK_FALSE(accepted(question_about(bad)));
  }
}
