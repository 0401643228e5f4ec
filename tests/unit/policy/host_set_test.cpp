#include "policy/host_set.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::policy;

TEST_CASE("a set of CPUs is printed as the kernel prints it", "[policy]") {
  for (const auto* text : {"0", "0-3", "0-3,8", "63-64", "0,2,4-6,1023"})
    CHECK(list_text(*parse_list(text)) == text);
  CHECK(list_text(*parse_list("3,0,1-2,2")) == "0-3");
  CHECK(list_text(HostSet{}).empty());
}

TEST_CASE("what is no list of CPUs is not taken for one", "[policy]") {
  for (const auto* text : {"", ",", "1,", ",1", "1-", "-1", "3-1", "1024", "0-1024", "1 ", " 1", "+1", "0x1",
                           "1-2-3", "a", "99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_list(text));
  }
}

TEST_CASE("one set is within another where it has nothing beside it", "[policy]") {
  const auto set = *parse_list("1-3,100");
  CHECK(set.is_within(*parse_list("0-100")));
  CHECK(set.is_within(set));
  CHECK(HostSet{}.is_within(set));
  CHECK_FALSE(set.is_within(*parse_list("1-3")));
  CHECK_FALSE(set.contains(5000));
}
