// What is wrong with a certificate is found, named, and enough to refuse.
#include <algorithm>
#include <functional>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/fixtures/evidence.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

Verification with_leaf(const Case& it, const std::function<void(CertificateText&)>& change) {
  auto evidence = good_evidence(it);
  auto text = leaf_text(it);
  change(text);
  evidence.certificates.certificates[0] = make_certificate(text);
  return verify_report(evidence);
}

bool fails(const Verification& verification, std::string_view name) {
  CHECK_FALSE(verification.checks.passed(CheckKind::evidence));
  const auto check = find_check(verification, name);
  UNSCOPED_INFO(name << ": " << check.detail);
  return check.result == CheckResult::fail;
}

ByteVector& extension(CertificateText& text, const std::string& arc) {
  const auto oid = "1.3.6.1.4.1.3704.1." + arc;
  const auto found = std::ranges::find(text.extensions, oid, &std::pair<std::string, ByteVector>::first);
  REQUIRE(found != text.extensions.end());
  return found->second;
}

}  // namespace

TEST_CASE("a root that is not AMD's is never trusted because it signed itself", "[attest]") {
  for (const auto& it : all_cases()) {
    auto evidence = good_evidence(it);
    evidence.trust_anchor.reset();
    CHECK(fails(verify_report(evidence), "root-of-trust"));
  }
}

TEST_CASE("a trust anchor is trusted for its key, and no other root is", "[attest]") {
  auto evidence = good_evidence({});
  auto text = ark_text();
  text.subject_key = text.issuer_key = "other";
  evidence.trust_anchor = make_certificate(text);
  CHECK(fails(verify_report(evidence), "root-of-trust"));
  // A renewed certificate of the same key is the same root.
  text = ark_text();
  text.not_after = "20300101000000Z";
  evidence.trust_anchor = make_certificate(text);
  CHECK(verify_report(evidence).checks.passed(CheckKind::evidence));
}

TEST_CASE("the right chain is found in a heap of certificates", "[attest]") {
  const Case it{.product = Product::genoa, .version = 3};
  auto evidence = good_evidence(it);
  auto& heap = evidence.certificates.certificates;
  auto foreign_root = ark_text();
  foreign_root.subject_key = foreign_root.issuer_key = "other";
  auto foreign_leaf = leaf_text(it);
  foreign_leaf.subject_key = "id";
  heap.insert(heap.begin(), {make_certificate(foreign_root), make_certificate(foreign_leaf),
                             make_certificate(ask_text({.kind = EndorsementKey::vlek}))});
  CHECK(verify_report(evidence).checks.passed(CheckKind::evidence));
}

TEST_CASE("each missing certificate is named", "[attest]") {
  const std::array names{"VCEK", "ASK", "ARK"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto evidence = good_evidence({.version = 3});
    auto& heap = evidence.certificates.certificates;
    heap.erase(heap.begin() + static_cast<std::ptrdiff_t>(i));
    const auto verification = verify_report(evidence);
    CHECK(fails(verification, "certificates"));
    CHECK(find_check(verification, "certificates").detail.contains(names[i]));
  }
}

TEST_CASE("each link has to be signed by the one above", "[attest]") {
  auto evidence = good_evidence({});
  auto& heap = evidence.certificates.certificates;
  SECTION("the leaf") {
    auto text = leaf_text({});
    text.issuer_key = "other";
    heap[0] = make_certificate(text);
    CHECK(fails(verify_report(evidence), "leaf-signature"));
  }
  SECTION("the ASK") {
    auto text = ask_text({});
    text.issuer_key = "other";
    heap[1] = make_certificate(text);
    CHECK(fails(verify_report(evidence), "ask-signature"));
  }
  SECTION("the ARK") {
    auto text = ark_text();
    text.issuer_key = "other";
    heap[2] = make_certificate(text);
    CHECK(fails(verify_report(evidence), "ark-signature"));
  }
}

TEST_CASE("each certificate has to be valid at the time asked for", "[attest]") {
  auto evidence = good_evidence({});
  using namespace std::chrono;
  evidence.at = sys_days(2032y / 1 / 1);
  CHECK(fails(verify_report(evidence), "certificate-validity"));
  evidence.at = sys_days(2023y / 1 / 1);
  CHECK(fails(verify_report(evidence), "certificate-validity"));
  evidence.at = sys_days(2026y / 1 / 1);
  auto text = ark_text();
  text.not_after = "20250101000000Z";
  evidence.certificates.certificates[2] = make_certificate(text);
  CHECK(fails(verify_report(evidence), "certificate-validity"));
}

TEST_CASE("a weaker algorithm anywhere in the chain is refused", "[attest]") {
  CHECK(fails(with_leaf({}, [](CertificateText& text) { text.hash = "SHA256"; }), "certificate-algorithms"));
  CHECK(fails(with_leaf({}, [](CertificateText& text) { text.salt = 20; }), "certificate-algorithms"));
  CHECK(fails(with_leaf({}, [](CertificateText& text) { text.salt = 0; }), "certificate-algorithms"));
  CHECK(fails(with_leaf({}, [](CertificateText& text) { text.subject_key = "p256"; }),
              "certificate-algorithms"));
}

TEST_CASE("a chip's key may not issue certificates, and what issues them has to be allowed to", "[attest]") {
  CHECK(
      fails(with_leaf({}, [](CertificateText& text) { text.authority = true; }), "certificate-constraints"));
  auto evidence = good_evidence({});
  auto text = ask_text({});
  text.authority = false;
  evidence.certificates.certificates[1] = make_certificate(text);
  CHECK(fails(verify_report(evidence), "certificate-constraints"));
}

TEST_CASE("a certificate of another product is refused", "[attest]") {
  const Case it{.product = Product::genoa, .version = 3};
  CHECK(fails(with_leaf(it, [](CertificateText& text) { extension(text, "2") = ia5("Milan-B0"); }),
              "certificate-product"));
  CHECK(fails(
      with_leaf(it, [](CertificateText& text) { extension(text, "2") = {0x0c, 5, 'G', 'e', 'n', 'o', 'a'}; }),
      "certificate-product"));
}

TEST_CASE("a TCB extension that is missing, double, malformed or too large is refused", "[attest]") {
  const auto change = [](const ByteVector& value) {
    return with_leaf({}, [&](CertificateText& text) { extension(text, "3.1") = value; });
  };
  CHECK(change({0x02, 0x01, 0x02}).checks.passed(CheckKind::evidence));
  CHECK(fails(change({}), "certificate-tcb"));
  CHECK(fails(change({0x02, 0x01}), "certificate-tcb"));
  CHECK(fails(change({0x02, 0x01, 0x02, 0x00}), "certificate-tcb"));
  CHECK(fails(change({0x02, 0x01, 0xff}), "certificate-tcb"));
  CHECK(fails(change({0x02, 0x02, 0x01, 0x02}), "certificate-tcb"));
  CHECK(fails(change({0x04, 0x01, 0x02}), "certificate-tcb"));
  CHECK(
      fails(with_leaf({}, [](CertificateText& text) { text.extensions.erase(text.extensions.begin() + 2); }),
            "certificate-tcb"));
  CHECK(fails(with_leaf({}, [](CertificateText& text) { text.extensions.push_back(text.extensions[2]); }),
              "certificate-tcb"));
  CHECK(fails(with_leaf({}, [](CertificateText& text) { extension(text, "3.4") = integer(1); }),
              "certificate-tcb"));
}

TEST_CASE("a microcode version from 0x80 on is a DER integer of two bytes", "[attest]") {
  CHECK(fails(with_leaf({}, [](CertificateText& text) { extension(text, "3.8") = {0x02, 0x01, 0xd5}; }),
              "certificate-tcb"));
}

TEST_CASE("the hardware id has the product's length: 64 bytes, 8 on Turin", "[attest]") {
  const Case turin{.product = Product::turin, .version = 3};
  CHECK(fails(with_leaf(turin, [](CertificateText& text) { extension(text, "4").resize(64); }),
              "certificate-owner"));
  CHECK(fails(with_leaf({}, [](CertificateText& text) { extension(text, "4").resize(8); }),
              "certificate-owner"));
  CHECK(fails(with_leaf({}, [](CertificateText& text) { extension(text, "4").resize(63); }),
              "certificate-owner"));
  CHECK(
      fails(with_leaf({}, [](CertificateText& text) { extension(text, "4").clear(); }), "certificate-owner"));
}

TEST_CASE("a hardware id in one more OCTET STRING is the same id", "[attest]") {
  const auto wrap = [](CertificateText& text) {
    auto& id = extension(text, "4");
    id.insert(id.begin(), {0x04, static_cast<std::uint8_t>(id.size())});
  };
  CHECK(with_leaf({}, wrap).checks.passed(CheckKind::evidence));
  CHECK(with_leaf({.product = Product::turin, .version = 5}, wrap).checks.passed(CheckKind::evidence));
}

TEST_CASE("a VLEK names its provider", "[attest]") {
  const Case it{.version = 3, .kind = EndorsementKey::vlek};
  CHECK(find_check(verify_report(good_evidence(it)), "certificate-owner").detail.contains("A Cloud"));
  CHECK(fails(with_leaf(it, [](CertificateText& text) { text.extensions.pop_back(); }), "certificate-owner"));
}
