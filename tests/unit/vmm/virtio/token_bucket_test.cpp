#include "vmm/virtio/token_bucket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::vmm::virtio;
using namespace std::chrono_literals;

namespace {

const TokenBucket::Clock::time_point start = TokenBucket::Clock::time_point(1h);

/// Operations of `size` tokens that are let through until `end`, where somebody always wants to start one.
std::uint64_t served(TokenBucket& bucket, std::uint64_t size, TokenBucket::Clock::time_point end) {
  std::uint64_t count = 0;
  for (auto now = start; now < end;) {
    if (const auto wait = bucket.wait(now); wait > 0s) {
      now += wait;
    } else {
      bucket.take(size, now);
      ++count;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("a bucket without a rate lets everything through", "[rate_limit]") {
  TokenBucket bucket;
  bucket.take(~0ULL, start);
  CHECK_FALSE(bucket.is_limited());
  CHECK(bucket.wait(start) == 0s);
}

TEST_CASE("a bucket lets its burst through at once, and its rate from then on", "[rate_limit]") {
  TokenBucket bucket;
  bucket.set(1000, 200, start);
  const auto count = served(bucket, 10, start + 10s);
  // 200 and 10 seconds of 1000 each, in tens; the one that makes the debt is let through, too.
  CHECK(count >= 1019);
  CHECK(count <= 1021);
}

TEST_CASE("a bucket that was not used is full again, and no fuller", "[rate_limit]") {
  TokenBucket bucket;
  bucket.set(1000, 100, start);
  bucket.take(100, start);
  bucket.take(1, start);
  CHECK(bucket.wait(start) > 0s);
  const auto later = start + 1h;
  CHECK(bucket.wait(later) == 0s);
  bucket.take(101, later);
  CHECK(bucket.wait(later) > 0s);
}

TEST_CASE("a request larger than the burst is served, and what follows waits for the debt", "[rate_limit]") {
  TokenBucket bucket;
  bucket.set(1000, 100, start);
  bucket.take(5000, start);
  CHECK(bucket.wait(start) > 4800ms);
  CHECK(bucket.wait(start) < 5000ms);
}

TEST_CASE("no debt is so large that time overflows", "[rate_limit]") {
  TokenBucket bucket;
  bucket.set(1, 1, start);
  for (int i = 0; i < 100; ++i) bucket.take(~0ULL, start);
  CHECK(bucket.wait(start) <= 1h);
  bucket.set(1, ~0ULL, start);
  CHECK(bucket.wait(start) == 0s);
  bucket.set(~0ULL, 0, start);
  for (int i = 0; i < 100; ++i) bucket.take(~0ULL, start);
  CHECK(bucket.wait(start) <= 1h);
}

TEST_CASE("many small requests are no way around a fast rate", "[rate_limit]") {
  TokenBucket bucket;
  bucket.set(8'000'000'000, 1, start);
  CHECK(served(bucket, 1, start + 1ms) <= 1'000'001);
}
