#include "vmm/rate_limited_log.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::vmm;

TEST_CASE("a flood of warnings is counted, and a few lines of it written", "[rate_limited_log]") {
  RateLimitedLog log("disk test");
  const RateLimitedLog::Clock::time_point start{};
  for (int i = 0; i < 1000; ++i) log.warn("something", start);
  CHECK(log.count() == 1000);
  CHECK(log.written() == RateLimitedLog::lines_per_second);

  log.warn("something", start + std::chrono::milliseconds(999));
  CHECK(log.written() == RateLimitedLog::lines_per_second);
  log.warn("something", start + std::chrono::seconds(1));
  CHECK(log.written() == RateLimitedLog::lines_per_second + 1);
}
