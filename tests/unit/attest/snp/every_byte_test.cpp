// No byte of the evidence can be changed without a refusal.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/fixtures/evidence.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

/// Another bit for each byte, so that every bit of a field is tried somewhere.
std::uint8_t flipped(std::uint8_t byte, std::size_t at) {
  return byte ^ static_cast<std::uint8_t>(1U << at % 8);
}

void change_every_byte_of_report(const Case& it) {
  auto evidence = good_evidence(it);
  REQUIRE(verify_report(evidence).checks.passed(CheckKind::evidence));
  for (std::size_t at = 0; at < evidence.report.size(); ++at) {
    const auto before = evidence.report[at];
    evidence.report[at] = flipped(before, at);
    INFO(test::name_of(it) << ", byte " << at);
    CHECK_FALSE(verify_report(evidence).checks.passed(CheckKind::evidence));
    evidence.report[at] = before;
  }
}

/// As a directory would give them: what is no certificate any more is left out.
void change_every_byte_of_certificate(std::size_t index) {
  auto evidence = good_evidence({.product = Product::turin, .version = 5});
  auto& certificates = evidence.certificates.certificates;
  const auto original = certificates[index];
  auto der = original.der();
  for (std::size_t at = 0; at < der.size(); ++at) {
    const auto before = der[at];
    der[at] = flipped(before, at);
    INFO("certificate " << index << ", byte " << at);
    if (const auto changed = Certificate::parse(der)) {
      certificates[index] = *changed;
      CHECK_FALSE(verify_report(evidence).checks.passed(CheckKind::evidence));
      certificates[index] = original;
    }
    der[at] = before;
  }
}

}  // namespace

TEST_CASE("every changed byte of a version 2 report is refused", "[attest]") {
  change_every_byte_of_report({});
}

TEST_CASE("every changed byte of a version 3 report is refused", "[attest]") {
  change_every_byte_of_report({.product = Product::genoa, .version = 3, .kind = EndorsementKey::vlek});
}

TEST_CASE("every changed byte of a version 5 report is refused", "[attest]") {
  change_every_byte_of_report({.product = Product::turin, .version = 5});
}

TEST_CASE("every changed byte of a VCEK certificate is refused", "[attest]") {
  change_every_byte_of_certificate(0);
}

TEST_CASE("every changed byte of an ASK certificate is refused", "[attest]") {
  change_every_byte_of_certificate(1);
}

TEST_CASE("every changed byte of an ARK certificate is refused", "[attest]") {
  change_every_byte_of_certificate(2);
}
