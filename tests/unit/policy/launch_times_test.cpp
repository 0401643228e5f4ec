#include "policy/launch_times.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::policy;

TEST_CASE("the steps of a launch are kept with when they ended, as many as there is room for", "[policy]") {
  auto times = LaunchTimes::from_now();
  CHECK(times.began_usec != 0);
  CHECK(check(times));
  for (int i = 0; i < 40; ++i) times.add(std::string(200, 'a'));
  CHECK(steps_of(times).size() == 32);
  CHECK(steps_of(times).front().what.view() == std::string(95, 'a'));
  CHECK(check(times));
}

TEST_CASE("hostile: times that go back, or are of more steps than there may be, are refused",
          "[policy][hostile]") {
  auto times = LaunchTimes::from_now();
  times.add("one");
  times.add("two");
  SECTION("a step before the begin") { times.began_usec = times.steps[0].ended_usec + 1; }
  SECTION("a step before the one before it") { times.steps[0].ended_usec = times.steps[1].ended_usec + 1; }
  SECTION("too many") { times.step_count = 33; }
  SECTION("a reserved field") { times.reserved = 1; }
  SECTION("a text that is none") { times.steps[1].what = BoundedString<96>::from("a\nb", "text").value(); }
  CHECK_FALSE(check(times));
}
