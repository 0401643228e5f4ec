#include "base/proc_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;

TEST_CASE("a field is the rest of its line, its words joined by one space", "[base]") {
  const std::string text = "Uid:\t1\t2\t3\t4\nGroups:\t \nMax core file size        0     unlimited  bytes\n";
  CHECK(field_of(text, "Uid:") == "1 2 3 4");
  CHECK(field_of(text, "Groups:") == "");
  CHECK(field_of(text, "Max core file size") == "0 unlimited bytes");
  CHECK(field_of(text, "Gid:") == std::nullopt);
}

TEST_CASE("the start time is found after a name with spaces and parentheses", "[base]") {
  const auto ticks = start_ticks_in(
      "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 10000 200 18446744073709551615");
  REQUIRE(ticks);
  CHECK(*ticks == 987654);
}

TEST_CASE("a stat that is cut short is an error", "[base]") {
  CHECK_FALSE(start_ticks_in("42 (a) S 1 2 3"));
  CHECK_FALSE(start_ticks_in("nonsense"));
}
