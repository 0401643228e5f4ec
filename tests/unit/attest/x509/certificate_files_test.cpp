#include "attest/x509/certificate_files.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/attest/fixtures/evidence.hpp"

using namespace immure::attest;
using namespace immure::attest::test;

namespace {

NamedBytes text_file(const std::string& name, std::string_view text) {
  return {.name = name, .bytes = ByteVector(text.begin(), text.end())};
}

}  // namespace

TEST_CASE("certificates are found in PEM and DER files of any name", "[attest]") {
  const auto ark = make_certificate(ark_text());
  const auto ask = make_certificate(ask_text({}));
  const auto leaf = make_certificate(leaf_text({}));
  const auto both = "subject: the two\n" + to_pem(ark) + "\nand\n" + to_pem(ask);
  const std::vector<NamedBytes> files{text_file("0", both), {.name = "1.pem", .bytes = leaf.der()}};
  const auto set = read_certificates(files);
  CHECK(set.certificates == std::vector{ark, ask, leaf});
  CHECK(set.ignored.empty());
}

TEST_CASE("a certificate that is there twice counts once", "[attest]") {
  const auto ark = make_certificate(ark_text());
  const std::vector<NamedBytes> files{{.name = "a", .bytes = ark.der()}, text_file("b", to_pem(ark))};
  CHECK(read_certificates(files).certificates.size() == 1);
}

TEST_CASE("a file that holds no certificate is named, not trusted", "[attest]") {
  const auto ark = make_certificate(ark_text());
  auto key = to_pem(ark);
  key.replace(key.find("CERTIFICATE"), 11, "PRIVATE KEY");
  auto broken = to_pem(ark);
  broken.erase(broken.size() / 2, 4);
  const std::vector<NamedBytes> files{text_file("readme", "0 is how this starts"), text_file("empty", ""),
                                      text_file("key", key), text_file("broken", broken)};
  const auto set = read_certificates(files);
  CHECK(set.certificates.empty());
  CHECK(set.ignored.size() == 4);
  CHECK(set.ignored.front().starts_with("readme: "));
}

TEST_CASE("a heap of certificates is read up to a limit", "[attest]") {
  std::string heap;
  for (int i = 0; i < 70; ++i) {
    auto text = ark_text();
    text.subject = "C" + std::to_string(i);
    text.issuer_key = text.subject_key = "small";
    heap += to_pem(make_certificate(text));
  }
  CHECK(read_certificates(std::vector{text_file("heap", heap)}).certificates.size() == CertificateSet::most);
}

TEST_CASE("a trust anchor is exactly one certificate", "[attest]") {
  const auto ark = make_certificate(ark_text());
  CHECK(read_one_certificate({.name = "a", .bytes = ark.der()}));
  CHECK_FALSE(read_one_certificate(text_file("a", "")));
  CHECK_FALSE(read_one_certificate(text_file("a", to_pem(ark) + to_pem(make_certificate(ask_text({}))))));
}
