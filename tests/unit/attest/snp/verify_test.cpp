#include "attest/snp/verify.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/fixtures/evidence.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

/// The result of one check after `change` was made to a report that is then signed.
Check after(const Case& it, std::string_view name, const std::function<void(Report&)>& change) {
  auto evidence = good_evidence(it);
  auto report = make_report(it);
  change(report);
  evidence.report = sign_report(report);
  return find_check(verify_report(evidence), name);
}

}  // namespace

TEST_CASE("a genuine report passes every check, of each product, version and kind of key", "[attest]") {
  for (const auto& it : all_cases()) {
    const auto verification = verify_report(good_evidence(it));
    CHECK(verification.checks.passed(CheckKind::evidence));
    CHECK(verification.checks.all().size() == 17);
    CHECK(verification.product == it.product);
    for (const auto& check : verification.checks.all()) {
      INFO(test::name_of(it) << ": " << check.name << ": " << check.detail);
      CHECK(check.result == CheckResult::pass);
    }
  }
}

TEST_CASE("the same checks are listed whatever goes wrong, and what was not evaluated does not pass",
          "[attest]") {
  const auto names = [](const Verification& verification) {
    std::vector<std::string> out;
    for (const auto& check : verification.checks.all()) out.push_back(check.name);
    return out;
  };
  auto evidence = good_evidence({});
  const auto all = names(verify_report(evidence));
  SECTION("no report") { evidence.report.clear(); }
  SECTION("no certificate") { evidence.certificates.certificates.clear(); }
  SECTION("nothing at all") { evidence = {}; }
  SECTION("no product") {
    auto text = leaf_text({});
    text.extensions[1].second = ia5("Naples");
    evidence.certificates.certificates[0] = make_certificate(text);
  }
  SECTION("a key of no kind") {
    auto report = make_report({});
    report.key_info = 7U << 2;
    evidence.report = sign_report(report);
  }
  const auto verification = verify_report(evidence);
  CHECK(names(verification) == all);
  CHECK_FALSE(verification.checks.passed(CheckKind::evidence));
  CHECK(find_check(verification, "report-signature").result == CheckResult::not_evaluated);
}

TEST_CASE("a report that another key signed is refused", "[attest]") {
  auto evidence = good_evidence({});
  evidence.report = sign_report(make_report({}), "id");
  const auto verification = verify_report(evidence);
  CHECK(find_check(verification, "report-signature").result == CheckResult::fail);
  CHECK_FALSE(verification.checks.passed(CheckKind::evidence));
}

TEST_CASE("the report's own product, the caller's and the certificate's have to agree", "[attest]") {
  auto evidence = good_evidence({.product = Product::milan, .version = 3});
  evidence.product = Product::genoa;
  CHECK(find_check(verify_report(evidence), "product").result == CheckResult::fail);
  evidence = good_evidence({.product = Product::milan, .version = 2});
  evidence.product = Product::genoa;
  CHECK(find_check(verify_report(evidence), "certificate-product").result == CheckResult::fail);
  evidence.product = Product::milan;
  CHECK(verify_report(evidence).checks.passed(CheckKind::evidence));
}

TEST_CASE("a report signed by a VLEK is not proved by a VCEK, and the other way round", "[attest]") {
  for (const auto kind : {EndorsementKey::vcek, EndorsementKey::vlek}) {
    const auto other = kind == EndorsementKey::vcek ? EndorsementKey::vlek : EndorsementKey::vcek;
    auto evidence = good_evidence({.version = 3, .kind = kind});
    evidence.report = sign_report(make_report({.version = 3, .kind = other}));
    CHECK(find_check(verify_report(evidence), "certificates").result == CheckResult::fail);
  }
}

TEST_CASE("the certificate's TCB has to be the reported one, in every part", "[attest]") {
  for (const auto product : {Product::milan, Product::turin}) {
    for (const auto part : tcb_parts_of(product)) {
      const auto check = after({.product = product, .version = 3}, "certificate-tcb", [&](Report& report) {
        auto tcb = test_tcb(product);
        tcb.set(part, static_cast<std::uint8_t>(tcb.get(part) - 1));
        report.reported_tcb = tcb.encode(product);
      });
      INFO(snp::name_of(part));
      CHECK(check.result == CheckResult::fail);
    }
  }
}

TEST_CASE("the reported TCB is never newer than the current one", "[attest]") {
  const auto check = after({}, "reported-tcb", [](Report& report) { report.current_tcb[0] = 1; });
  CHECK(check.result == CheckResult::fail);
  CHECK(check.detail == "the reported bootloader is newer than the current one");
}

TEST_CASE("a reserved byte of any TCB is refused", "[attest]") {
  const Case it{.product = Product::turin, .version = 3};
  CHECK(after(it, "reported-tcb", [](Report& report) { report.current_tcb[5] = 1; }).result ==
        CheckResult::fail);
  CHECK(after(it, "reported-tcb", [](Report& report) { report.launch_tcb[5] = 1; }).result ==
        CheckResult::fail);
  CHECK(after(it, "certificate-tcb", [](Report& report) { report.reported_tcb[5] = 1; }).result ==
        CheckResult::fail);
  CHECK(after(it, "committed-firmware", [](Report& report) { report.committed_tcb[5] = 1; }).result ==
        CheckResult::fail);
}

TEST_CASE("firmware that is not committed is refused, unless the policy allows it", "[attest]") {
  const auto change = [](Report& report) { report.committed_version[0] = 3; };
  CHECK(after({}, "committed-firmware", change).result == CheckResult::fail);
  auto evidence = good_evidence({});
  auto report = make_report({});
  change(report);
  evidence.report = sign_report(report);
  evidence.policy = ReportPolicy{.provisional_firmware = ReportPolicy::Provisional::allowed};
  CHECK(find_check(verify_report(evidence), "committed-firmware").result == CheckResult::pass);
  report.committed_version[0] = 9;
  evidence.report = sign_report(report);
  CHECK(find_check(verify_report(evidence), "committed-firmware").result == CheckResult::fail);
}

TEST_CASE("a report of another chip is refused, in every byte of the chip's id", "[attest]") {
  for (const auto product : {Product::genoa, Product::turin}) {
    for (std::size_t byte = 0; byte < 64; ++byte) {
      CAPTURE(byte);
      const auto check = after({.product = product, .version = 3}, "certificate-owner",
                               [byte](Report& report) { report.chip_id[byte] ^= 0x80; });
      CHECK(check.result == CheckResult::fail);
    }
  }
}

TEST_CASE("a masked chip id leaves the chip unproved", "[attest]") {
  const auto check = after({}, "certificate-owner", [](Report& report) { report.chip_id.fill(0); });
  CHECK(check.result == CheckResult::not_evaluated);
}
