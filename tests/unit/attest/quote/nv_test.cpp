// Bundles of a host that records launches in an NV index.
#include <functional>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/quote/nv_bundles.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;

namespace {

quote::Answer answer_with(const std::function<void(NvParts&)>& change, const std::string& signer = "p256") {
  const auto records = nv_records();
  auto bundle = bundle_of(records);
  auto parts = good_parts(records);
  change(parts);
  bundle.nv = parts.by(signer);
  return quote::verify_bundle(question_about(bundle));
}

bool has_check(const quote::Answer& answer, std::string_view name) {
  return std::ranges::find(answer.checks.all(), name, &Check::name) != answer.checks.all().end();
}

}  // namespace

TEST_CASE("a launch that is recorded in an NV index is verified by the TPM's word on index and PCR",
          "[attest]") {
  const auto bundle = nv_bundle(nv_records());
  CHECK(accepted(question_about(bundle)));
  const auto answer = quote::verify_bundle(question_about(bundle));
  for (const auto* name : {"nv-certificate", "nv-signature", "nv-nonce", "nv-replay"}) {
    CHECK(result_of(answer, name) == CheckResult::pass);
  }
  CHECK_FALSE(has_check(quote::verify_bundle(question_about(bundle_of(good_records()))), "nv-replay"));
  CHECK(quote::parse_bundle(quote::write_bundle(bundle)).value().nv == bundle.nv);
}

TEST_CASE("a certificate of something else than an index that can only be extended is refused", "[attest]") {
  const auto fails = [](const std::function<void(NvParts&)>& change) {
    return result_of(answer_with(change), "nv-certificate") == CheckResult::fail;
  };
  CHECK_FALSE(fails([](NvParts&) {}));
  CHECK(fails([](NvParts& p) { p.magic ^= 1; }));
  CHECK(fails([](NvParts& p) { p.tag = 0x8018; }));
  CHECK(fails([](NvParts& p) { p.hash = 0x000c; }));
  for (unsigned bit = 0; bit < 32; ++bit) CHECK(fails([bit](NvParts& p) { p.attributes ^= 1U << bit; }));
  CHECK(fails([](NvParts& p) { p.policy = ByteVector(32, 1); }));
  CHECK(fails([](NvParts& p) { p.size = 33; }));
  CHECK(fails([](NvParts& p) { p.name = ByteVector(34, 1); }));
  CHECK(fails([](NvParts& p) { p.offset = 1; }));
  CHECK(fails([](NvParts& p) { p.value.pop_back(); }));
  CHECK(fails([](NvParts& p) { p.behind = {0}; }));
}

TEST_CASE("the word of another key, on another nonce, on another index or value is refused", "[attest]") {
  CHECK(result_of(answer_with([](NvParts&) {}, "other-p256"), "nv-signature") == CheckResult::fail);
  CHECK(result_of(answer_with([](NvParts& p) { p.nonce[0] ^= 1; }), "nv-nonce") == CheckResult::fail);
  CHECK(result_of(answer_with([](NvParts& p) { p.nonce.clear(); }), "nv-nonce") == CheckResult::fail);
  CHECK(result_of(answer_with([](NvParts& p) { p.index ^= 1; }), "nv-replay") == CheckResult::fail);
  CHECK(result_of(answer_with([](NvParts& p) { p.value[0] ^= 1; }), "nv-replay") == CheckResult::fail);
  auto question = question_about(nv_bundle(nv_records()));
  question.nonce.reset();
  CHECK(result_of(quote::verify_bundle(question), "nv-nonce") == CheckResult::not_evaluated);
}

TEST_CASE("an index that was made anew cannot have the value to which the log leads", "[attest]") {
  // Whoever deletes the index and extends the new one by all records does not know what it was started by.
  const auto records = nv_records();
  auto from_zero = good_start();
  from_zero.value = {};
  const auto value = log::replay_nv(from_zero, records).value();
  const auto answer = answer_with([&](NvParts& p) { p.value.assign(value.begin(), value.end()); });
  CHECK(result_of(answer, "nv-replay") == CheckResult::fail);
  CHECK(answer.checks.passed(CheckKind::evidence));
  // Nor can it be started a second time: the PCR has the first start.
  auto bundle = nv_bundle(records);
  auto second = log::make_records({log::event_of(from_zero)}, 13).value();
  second.insert(second.end(), records.begin() + 1, records.end());
  bundle.log = log::write_cel(second);
  auto parts = good_parts(records);
  parts.value.assign(value.begin(), value.end());
  bundle.nv = parts.by("p256");
  const auto restarted = quote::verify_bundle(question_about(bundle));
  CHECK(result_of(restarted, "nv-replay") == CheckResult::pass);
  CHECK(result_of(restarted, "log-replay") == CheckResult::fail);
}

TEST_CASE("a missing record, and a word that is missing or on nothing, fail", "[attest]") {
  auto records = nv_records();
  auto bundle = nv_bundle(records);
  records.pop_back();
  bundle.log = log::write_cel(records);
  CHECK(result_of(quote::verify_bundle(question_about(bundle)), "nv-replay") == CheckResult::fail);
  bundle = nv_bundle(nv_records());
  bundle.nv.reset();
  CHECK(result_of(quote::verify_bundle(question_about(bundle)), "nv-replay") == CheckResult::fail);
  bundle = bundle_of(good_records());
  bundle.nv = good_parts(nv_records()).by("p256");
  CHECK(result_of(quote::verify_bundle(question_about(bundle)), "nv-replay") == CheckResult::fail);
}

TEST_CASE("a bundle's version says whether it has an NV index", "[attest]") {
  auto text = quote::write_bundle(nv_bundle(nv_records()));
  CHECK(text.contains("\"version\": 2"));
  text.replace(text.find("\"version\": 2"), 12, "\"version\": 1");
  CHECK_FALSE(quote::parse_bundle(text));
  text = quote::write_bundle(bundle_of(good_records()));
  text.replace(text.find("\"version\": 1"), 12, "\"version\": 2");
  CHECK_FALSE(quote::parse_bundle(text));
}
