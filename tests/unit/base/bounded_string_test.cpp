#include "base/bounded_string.hpp"

#include <cstring>

#include <catch2/catch_test_macros.hpp>

using namespace immure;

TEST_CASE("a bounded string takes text up to its capacity and no more", "[base]") {
  CHECK(BoundedString<8>::from("1234567", "name")->view() == "1234567");
  const auto failed = BoundedString<8>::from("12345678", "name");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "name is 8 bytes long, at most 7 are allowed");
  CHECK_FALSE(BoundedString<8>::from(std::string_view("a\0b", 3), "name"));
}

TEST_CASE("bytes from elsewhere are well formed only if terminated, zero-filled and printable", "[base]") {
  const auto from_bytes = [](const char(&bytes)[8]) {
    BoundedString<8> out;
    std::memcpy(&out, bytes, 8);
    return out.is_well_formed();
  };
  CHECK(from_bytes({'a', 'b', 0, 0, 0, 0, 0, 0}));
  CHECK(from_bytes({}));
  CHECK_FALSE(from_bytes({'a', 'b', 0, 'c', 0, 0, 0, 0}));
  CHECK_FALSE(from_bytes({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}));
  CHECK_FALSE(from_bytes({'a', '\n', 0, 0, 0, 0, 0, 0}));
}
