#include "base/checked.hpp"

#include <cstdint>
#include <limits>

#include <catch2/catch_test_macros.hpp>

using namespace immure;

TEST_CASE("checked arithmetic yields nothing instead of wrapping", "[base]") {
  constexpr auto top = std::numeric_limits<std::uint64_t>::max();
  CHECK(checked_add<std::uint64_t>(top - 1, 1) == top);
  CHECK_FALSE(checked_add<std::uint64_t>(top, 1));
  CHECK_FALSE(checked_multiply<std::uint64_t>(top, 2));
  CHECK(checked_cast<std::uint8_t>(255) == 255);
  CHECK_FALSE(checked_cast<std::uint8_t>(-1));
}

TEST_CASE("a range fits only where its end does not pass the limit or wrap", "[base]") {
  CHECK(range_fits<std::uint64_t>(0, 8, 8));
  CHECK(range_fits<std::uint64_t>(8, 0, 8));
  CHECK_FALSE(range_fits<std::uint64_t>(1, 8, 8));
  CHECK_FALSE(range_fits<std::uint64_t>(2, std::numeric_limits<std::uint64_t>::max(), 8));
}
