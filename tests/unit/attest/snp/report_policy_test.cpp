#include "attest/snp/report_policy.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/fixtures/evidence.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

const Case milan{.product = Product::milan, .version = 3};

/// Genuine evidence judged by a policy: whether the one rule passes.
bool passes(
    const ReportPolicy& policy, std::string_view name,
    const std::function<void(Report&)>& change = [](Report&) {}) {
  auto evidence = good_evidence(milan);
  auto report = make_report(milan);
  change(report);
  evidence.report = sign_report(report);
  evidence.policy = policy;
  const auto verification = verify_report(evidence);
  CHECK(verification.checks.passed(CheckKind::evidence));
  const auto check = find_check(verification, name);
  REQUIRE(check.name == name);
  CHECK(check.kind == CheckKind::policy);
  CHECK(verification.checks.passed(CheckKind::policy) == (check.result == CheckResult::pass));
  return check.result == CheckResult::pass;
}

ByteVector filled(std::size_t size, std::uint8_t byte) { return ByteVector(size, byte); }

}  // namespace

TEST_CASE("each digest of a report has to be one of those that the policy lists", "[attest]") {
  const auto only = [](std::vector<ByteVector> ReportPolicy::* list, std::vector<ByteVector> values) {
    ReportPolicy policy;
    policy.*list = std::move(values);
    return policy;
  };
  const auto check = [&](std::vector<ByteVector> ReportPolicy::* list, std::size_t size, std::uint8_t byte,
                         std::string_view name) {
    CAPTURE(name);
    CHECK(passes(only(list, {filled(size, byte)}), name));
    CHECK(passes(only(list, {filled(size, 0x99), filled(size, byte)}), name));
    CHECK_FALSE(passes(only(list, {filled(size, 0x99)}), name));
  };
  check(&ReportPolicy::measurements, 48, 0x22, "policy-measurement");
  check(&ReportPolicy::host_data, 32, 0x33, "policy-host-data");
  check(&ReportPolicy::report_data, 64, 0x11, "policy-report-data");
  check(&ReportPolicy::id_key_digests, 48, 0x44, "policy-id-key");
  check(&ReportPolicy::author_key_digests, 48, 0x55, "policy-author-key");
  const auto id = make_report(milan).chip_id;
  CHECK(passes(only(&ReportPolicy::chip_ids, {{id.begin(), id.end()}}), "policy-chip-id"));
  CHECK_FALSE(passes(only(&ReportPolicy::chip_ids, {filled(64, 1)}), "policy-chip-id"));
}

TEST_CASE("a key digest of zeros means that no key was given, and matches nothing", "[attest]") {
  CHECK_FALSE(passes({.id_key_digests = {filled(48, 0)}}, "policy-id-key",
                     [](Report& report) { report.id_key_digest.fill(0); }));
  CHECK_FALSE(passes({.author_key_digests = {filled(48, 0)}}, "policy-author-key",
                     [](Report& report) { report.author_key_digest.fill(0); }));
}

TEST_CASE("an author key counts only where the report says that there was one", "[attest]") {
  CHECK_FALSE(passes({.author_key_digests = {filled(48, 0x55)}}, "policy-author-key",
                     [](Report& report) { report.key_info &= ~1U; }));
}

TEST_CASE("every policy refuses a guest that can be debugged, unless it allows that in words", "[attest]") {
  const auto debug = [](Report& report) { report.policy |= policy_bit_debug; };
  const ReportPolicy policy{.vmpl = 0};
  CHECK(passes(policy, "policy-debug"));
  CHECK_FALSE(passes(policy, "policy-debug", debug));
  CHECK(passes({.vmpl = 0, .debug = ReportPolicy::Debug::allowed}, "policy-vmpl", debug));
}

TEST_CASE("the VMPL and the guest's security version are compared", "[attest]") {
  CHECK(passes({.vmpl = 0}, "policy-vmpl"));
  CHECK_FALSE(passes({.vmpl = 1}, "policy-vmpl"));
  CHECK(passes({.minimum_guest_svn = 7}, "policy-guest-svn"));
  CHECK_FALSE(passes({.minimum_guest_svn = 8}, "policy-guest-svn"));
}

TEST_CASE("a minimum TCB is asked part by part", "[attest]") {
  for (const auto part : tcb_parts_of(Product::milan)) {
    const auto value = test_tcb(Product::milan).get(part);
    CHECK(passes({.minimum_tcb = {{part, value}}}, "policy-minimum-tcb"));
    CHECK_FALSE(
        passes({.minimum_tcb = {{part, static_cast<std::uint8_t>(value + 1)}}}, "policy-minimum-tcb"));
    CHECK(passes({.minimum_launch_tcb = {{part, value}}}, "policy-minimum-launch-tcb"));
    CHECK_FALSE(passes({.minimum_launch_tcb = {{part, static_cast<std::uint8_t>(value + 1)}}},
                       "policy-minimum-launch-tcb"));
  }
}

TEST_CASE("a minimum for a part that the product does not have cannot be met", "[attest]") {
  CHECK_FALSE(passes({.minimum_tcb = {{TcbPart::fmc, 0}}}, "policy-minimum-tcb"));
}

TEST_CASE("each bit of the platform information can be asked for, either way", "[attest]") {
  CHECK(passes({.platform_info = {{PlatformBit::smt, true}, {PlatformBit::tsme, false}}},
               "policy-platform-info"));
  CHECK_FALSE(passes({.platform_info = {{PlatformBit::smt, false}}}, "policy-platform-info"));
  CHECK_FALSE(passes({.platform_info = {{PlatformBit::alias_check_complete, true}}}, "policy-platform-info"));
}

TEST_CASE("a policy is not met by a report that cannot be read", "[attest]") {
  auto evidence = good_evidence(milan);
  evidence.report.clear();
  evidence.policy = ReportPolicy{.measurements = {filled(48, 0x22)}};
  const auto verification = verify_report(evidence);
  CHECK(find_check(verification, "policy-measurement").result == CheckResult::not_evaluated);
  CHECK_FALSE(verification.checks.passed(CheckKind::policy));
}
