#include "policy/guest_record.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::policy;

TEST_CASE("guest names are safe as file and cgroup names", "[policy]") {
  CHECK(is_guest_name("web-1.example_a"));
  CHECK_FALSE(is_guest_name(""));
  CHECK_FALSE(is_guest_name(".."));
  CHECK_FALSE(is_guest_name("-x"));
  CHECK_FALSE(is_guest_name("a/b"));
  CHECK_FALSE(is_guest_name("Upper"));
  CHECK_FALSE(is_guest_name(std::string(64, 'a')));
}

TEST_CASE("paths must be absolute and in normal form", "[policy]") {
  CHECK(is_normal_path("/var/lib/images/a.raw"));
  CHECK_FALSE(is_normal_path("a.raw"));
  CHECK_FALSE(is_normal_path("/"));
  CHECK_FALSE(is_normal_path("/a//b"));
  CHECK_FALSE(is_normal_path("/a/../b"));
  CHECK_FALSE(is_normal_path("/a/./b"));
  CHECK_FALSE(is_normal_path("/a/"));
}
