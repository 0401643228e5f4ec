#include "attest/x509/time_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::attest;
using namespace std::chrono;

TEST_CASE("a time is written as RFC 3339 has it", "[attest]") {
  CHECK(time_text(sys_seconds{}) == "1970-01-01T00:00:00Z");
  CHECK(time_text(sys_seconds(seconds(1'769'860'805))) == "2026-01-31T12:00:05Z");
}

TEST_CASE("a time is read in each of its forms", "[attest]") {
  const sys_seconds noon(seconds(1'769'860'800));
  for (const auto* const text :
       {"2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31 12:00:00Z", "2026-01-31T12:00:00.25Z",
        "2026-01-31T13:00:00+01:00", "2026-01-31T06:30:00-05:30", "1769860800", "@1769860800"}) {
    CAPTURE(text);
    CHECK(parse_time(text) == noon);
  }
  CHECK(parse_time("2026-01-31") == sys_seconds(sys_days(2026y / 1 / 31)));
}

TEST_CASE("what is no time is not taken for one", "[attest]") {
  for (const auto* const text : {"", "now", "2026-02-30", "2026-13-01", "2026-1-1", "2026-01-31T12:00:00",
                                 "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:00Zx",
                                 "2026-01-31T12:00Z", "-5", "@", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}
