#include "base/hex.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;

TEST_CASE("hexadecimal is read back as it was written", "[base]") {
  const std::vector<std::uint8_t> bytes{0x00, 0x7f, 0x80, 0xff};
  CHECK(to_hex(bytes) == "007f80ff");
  CHECK(from_hex("007F80ff") == bytes);
  CHECK_FALSE(from_hex("0"));
  CHECK_FALSE(from_hex("0g"));
  CHECK_FALSE(from_hex("0x12"));
}
