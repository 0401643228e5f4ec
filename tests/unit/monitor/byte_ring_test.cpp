#include "monitor/byte_ring.hpp"

#include <array>
#include <string>

#include <catch2/catch_test_macros.hpp>

using immure::monitor::ByteRing;

namespace {

void append(ByteRing& ring, std::string_view text) { ring.append(std::as_bytes(std::span(text))); }

std::string copy(const ByteRing& ring, std::uint64_t from) {
  std::array<char, 64> out{};
  return {out.data(), ring.copy(from, std::as_writable_bytes(std::span(out)))};
}

}  // namespace

TEST_CASE("a ring yields what was appended", "[monitor]") {
  ByteRing ring(8);
  append(ring, "hello");
  CHECK(copy(ring, 0) == "hello");
  CHECK(copy(ring, 3) == "lo");
  CHECK(copy(ring, 5).empty());
}

TEST_CASE("a full ring keeps the newest bytes at their stream offsets", "[monitor]") {
  ByteRing ring(8);
  append(ring, "0123456789abc");
  CHECK(ring.begin() == 5);
  CHECK(ring.end() == 13);
  CHECK(copy(ring, 5) == "56789abc");
  CHECK(copy(ring, 10) == "abc");
}

TEST_CASE("a ring yields nothing for bytes that it no longer keeps or never had", "[monitor]") {
  ByteRing ring(4);
  append(ring, "012345");
  CHECK(copy(ring, 1).empty());
  CHECK(copy(ring, 7).empty());
}
