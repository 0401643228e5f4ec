#include "vmm/start_barrier.hpp"

#include <atomic>
#include <thread>

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::vmm;

TEST_CASE("start barrier: nobody passes before it is opened", "[vmm]") {
  StartBarrier barrier;
  std::atomic<int> passed = 0;
  std::jthread first([&] {
    barrier.arrive_and_wait({});
    ++passed;
  });
  std::jthread second([&] {
    barrier.arrive_and_wait({});
    ++passed;
  });
  REQUIRE(barrier.wait_for(2));
  CHECK(passed == 0);
  barrier.open();
  first.join();
  second.join();
  CHECK(passed == 2);
}

TEST_CASE("start barrier: a thread that could not prepare fails the start", "[vmm]") {
  StartBarrier barrier;
  barrier.arrive({});
  barrier.arrive(invalid("no filter"));
  const auto outcome = barrier.wait_for(2);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().message == "no filter");
}
