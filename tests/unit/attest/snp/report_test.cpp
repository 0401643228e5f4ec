#include "attest/snp/report.hpp"

#include <cstring>
#include <functional>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/fixtures/evidence.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

bool is_read(const Report& report) {
  ByteVector bytes(sizeof report);
  std::memcpy(bytes.data(), &report, sizeof report);
  return parse_report(bytes).has_value();
}

bool is_read(std::uint32_t version, const std::function<void(Report&)>& change) {
  auto report = make_report({.version = version});
  change(report);
  return is_read(report);
}

}  // namespace

TEST_CASE("reports of versions 2, 3 and 5 are read, others not", "[attest]") {
  for (std::uint32_t version = 0; version < 10; ++version) {
    CAPTURE(version);
    CHECK(is_read(version, [](Report& report) {
            if (report.version < 3) report.cpu_family = report.cpu_model = 0;
            if (report.version < 5) report.launch_mitigations = report.current_mitigations = 0;
          }) == (version == 2 || version == 3 || version == 5));
  }
}

TEST_CASE("a report of another size is refused", "[attest]") {
  const auto bytes = sign_report(make_report({}));
  CHECK(parse_report(bytes));
  CHECK_FALSE(parse_report({}));
  CHECK_FALSE(parse_report(Bytes(bytes).first(bytes.size() - 1)));
  auto longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(parse_report(longer));
}

TEST_CASE("only ECDSA P-384 with SHA-384 is a known algorithm", "[attest]") {
  for (const std::uint32_t algorithm : {0U, 2U, 0x101U}) {
    CHECK_FALSE(is_read(2, [&](Report& report) { report.signature_algorithm = algorithm; }));
  }
}

TEST_CASE("a reserved bit of the guest policy, the platform or the key information is refused", "[attest]") {
  for (unsigned bit = 0; bit < 64; ++bit) {
    CAPTURE(bit);
    const auto in_policy = [bit](Report& report) { report.policy |= 1ULL << bit; };
    CHECK(is_read(2, in_policy) == (bit <= 24));
    CHECK(is_read(5, in_policy) == (bit <= 25));
    const auto in_platform = [bit](Report& report) { report.platform_info |= 1ULL << bit; };
    CHECK(is_read(2, in_platform) == (bit <= 4));
    CHECK(is_read(3, in_platform) == (bit <= 5));
    CHECK(is_read(5, in_platform) == (bit <= 5 || bit == 7));
    if (bit < 32) CHECK(is_read(2, [bit](Report& report) { report.key_info |= 1U << bit; }) == (bit <= 4));
  }
  CHECK_FALSE(is_read(2, [](Report& report) { report.policy &= ~(1ULL << 17); }));
}

TEST_CASE("every reserved byte has to be zero, and what a version does not know is reserved", "[attest]") {
  const auto dirty = [](std::uint32_t version, std::size_t offset) {
    auto bytes = sign_report(make_report({.version = version}));
    bytes[offset] ^= 1;
    return parse_report(bytes).has_value();
  };
  for (std::size_t offset = 0x208; offset < 0x2a0; ++offset) CHECK_FALSE(dirty(5, offset));
  for (std::size_t offset = 0x330; offset < sizeof(Report); ++offset) CHECK_FALSE(dirty(5, offset));
  for (std::size_t offset = 0x18b; offset < 0x1a0; ++offset) CHECK_FALSE(dirty(5, offset));
  for (const std::size_t offset : {0x4cU, 0x4fU, 0x1ebU, 0x1efU}) CHECK_FALSE(dirty(5, offset));
  for (std::size_t offset = 0x188; offset < 0x18b; ++offset) {
    CHECK_FALSE(dirty(2, offset));
    CHECK(dirty(3, offset));
  }
  for (std::size_t offset = 0x1f8; offset < 0x208; ++offset) {
    CHECK_FALSE(dirty(2, offset));
    CHECK_FALSE(dirty(3, offset));
    CHECK(dirty(5, offset));
  }
}

TEST_CASE("from version 3 a report names its product, and an unknown one is an error", "[attest]") {
  CHECK_FALSE(product_of_report(make_report({.version = 2}))->has_value());
  CHECK(*product_of_report(make_report({.product = Product::turin, .version = 3})) == Product::turin);
  auto report = make_report({.version = 3});
  report.cpu_family = 0x17;
  CHECK_FALSE(product_of_report(report));
}
