#include "attest/crypto/bytes.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::attest;

TEST_CASE("base64 is read back as it was written", "[attest]") {
  CHECK(to_base64(bytes_of_text("")).empty());
  CHECK(to_base64(bytes_of_text("f")) == "Zg==");
  CHECK(to_base64(bytes_of_text("fo")) == "Zm8=");
  CHECK(to_base64(bytes_of_text("foo")) == "Zm9v");
  CHECK(to_base64(bytes_of_text("foobar")) == "Zm9vYmFy");
  for (const std::string_view text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    const auto bytes = from_base64(to_base64(bytes_of_text(text)));
    REQUIRE(bytes);
    CHECK(std::string(bytes->begin(), bytes->end()) == text);
  }
}

TEST_CASE("base64 that another text would stand for too is refused", "[attest]") {
  CHECK_FALSE(from_base64("Zg="));
  CHECK_FALSE(from_base64("Zg"));
  CHECK_FALSE(from_base64("Zh=="));  // Bits that no byte uses are set.
  CHECK_FALSE(from_base64("Z=g="));
  CHECK_FALSE(from_base64("===="));
  CHECK_FALSE(from_base64("Zm9 "));
  CHECK_FALSE(from_base64("Zm9_"));
}
