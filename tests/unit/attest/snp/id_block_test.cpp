#include "attest/snp/id_block.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "attest/crypto/amd_signature.hpp"
#include "tests/unit/attest/fixtures/certificates.hpp"

using namespace immure::attest;
using namespace immure::attest::snp;
using namespace immure::attest::test;

namespace {

IdBlockInputs good_inputs() {
  IdBlockInputs inputs{.guest_svn = 0x01020304, .policy = 0xb0000};
  inputs.launch_digest.fill(0xaa);
  inputs.family_id.fill(0xbb);
  inputs.image_id.fill(0xcc);
  return inputs;
}

AmdSignature signature_at(const IdAuthentication& all, std::size_t offset) {
  AmdSignature out;
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(offset), 72, out.r.begin());
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(offset) + 72, 72, out.s.begin());
  return out;
}

/// The uncompressed point of the key: 4, x and y, big-endian.
ByteVector point_of(EVP_PKEY* key) {
  ByteVector out(97);
  std::size_t size = 0;
  REQUIRE(::EVP_PKEY_get_octet_string_param(key, "encoded-pub-key", out.data(), out.size(), &size) == 1);
  REQUIRE(size == out.size());
  return out;
}

}  // namespace

TEST_CASE("an id block has the firmware's layout", "[attest]") {
  const auto hex = to_hex(make_id_block(good_inputs()));
  const auto times = [](const std::string& text, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
  };
  CHECK(hex ==
        times("aa", 48) + times("bb", 16) + times("cc", 16) + "01000000" + "04030201" + "00000b0000000000");
}

TEST_CASE("a key is curve, x and y, little-endian in 72 bytes each", "[attest]") {
  const auto key_bytes = amd_public_key(key("id"));
  REQUIRE(key_bytes);
  const auto point = point_of(key("id"));
  ByteVector expected{2, 0, 0, 0};
  for (const auto start : {1, 49}) {
    expected.insert(expected.end(), point.rend() - start - 48, point.rend() - start);
    expected.resize(expected.size() + 24);
  }
  expected.resize(0x404);
  CHECK(std::ranges::equal(*key_bytes, expected));
  CHECK(amd_key_digest(key("id")).value() == *sha384(expected));
}

TEST_CASE("the id key signs the block, and the author key the id key", "[attest]") {
  const auto block = make_id_block(good_inputs());
  const auto all = make_id_authentication(block, key("id"), key("author"));
  REQUIRE(all);
  const Bytes bytes(*all);
  CHECK(to_hex(bytes.first(8)) == "0100000001000000");
  CHECK(all_zero(bytes.subspan(8, 56)));
  CHECK(std::ranges::equal(bytes.subspan(0x240, 0x404), *amd_public_key(key("id"))));
  CHECK(std::ranges::equal(bytes.subspan(0x880, 0x404), *amd_public_key(key("author"))));
  CHECK(check_amd_signature(key("id"), block, signature_at(*all, 0x40)));
  CHECK(check_amd_signature(key("author"), bytes.subspan(0x240, 0x404), signature_at(*all, 0x680)));
  CHECK(all_zero(bytes.subspan(0x40 + 144, 512 - 144)));
  CHECK(all_zero(bytes.subspan(0x644, 60)));
  CHECK(all_zero(bytes.subspan(0xc84)));
}

TEST_CASE("without an author key its part is zero", "[attest]") {
  const auto all = make_id_authentication(make_id_block(good_inputs()), key("id"), nullptr);
  REQUIRE(all);
  CHECK(to_hex(Bytes(*all).first(8)) == "0100000000000000");
  CHECK(all_zero(Bytes(*all).subspan(0x680)));
}

TEST_CASE("a key that is not on P-384 makes no id block", "[attest]") {
  const auto block = make_id_block(good_inputs());
  CHECK_FALSE(make_id_authentication(block, key("p256"), nullptr));
  CHECK_FALSE(make_id_authentication(block, key("id"), key("p256")));
  CHECK_FALSE(amd_key_digest(key("ed25519")));
}
