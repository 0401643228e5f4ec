#include "policy/ip_prefix.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::policy;

namespace {

bool is_in(const char* prefix, const char* address) {
  IpPrefixSet set;
  set.prefixes[0] = *parse_prefix(prefix);
  return set.contains(*parse_ip(address));
}

}  // namespace

TEST_CASE("a prefix is read and written with its length", "[policy]") {
  IpPrefixSet set;
  CHECK(set.empty());
  CHECK(set.text().empty());
  set.prefixes = {*parse_prefix("192.0.2.0/28"), *parse_prefix("2001:DB8::/64"), *parse_prefix("192.0.2.99")};
  CHECK(set.text() == "192.0.2.0/28, 2001:db8::/64, 192.0.2.99/32");
  CHECK(check(set, "key"));
}

TEST_CASE("text that is no prefix, or has bits behind it, is not read", "[policy]") {
  for (const auto* text :
       {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.1/28", "2001:db8::/129", "2001:db8::1/64",
        "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/2x", "192.0.2.0/28/28", "/28", "web/8"}) {
    INFO(text);
    CHECK_FALSE(parse_prefix(text));
  }
}

TEST_CASE("an address is in a prefix of its family that it begins with", "[policy]") {
  CHECK(is_in("192.0.2.0/28", "192.0.2.0"));
  CHECK(is_in("192.0.2.0/28", "192.0.2.15"));
  CHECK_FALSE(is_in("192.0.2.0/28", "192.0.2.16"));
  CHECK_FALSE(is_in("192.0.2.0/28", "2001:db8::2"));
  CHECK(is_in("0.0.0.0/0", "203.0.113.1"));
  CHECK_FALSE(is_in("0.0.0.0/0", "2001:db8::2"));
  CHECK(is_in("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(is_in("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(is_in("192.0.2.2", "192.0.2.2"));
  CHECK_FALSE(is_in("192.0.2.2", "192.0.2.3"));
  CHECK_FALSE(IpPrefixSet{}.contains(*parse_ip("192.0.2.2")));
  CHECK_FALSE(IpPrefixSet{}.contains(IpAddress{}));
}

TEST_CASE("prefixes of a record that are malformed are refused", "[policy]") {
  IpPrefixSet set;
  set.prefixes[1] = *parse_prefix("192.0.2.0/28");
  CHECK_FALSE(check(set, "key"));
  set.prefixes[0] = {.address = *parse_ip("192.0.2.1"), .length = 28};
  CHECK_FALSE(check(set, "key"));
  set.prefixes[0] = {.address = *parse_ip("192.0.2.1"), .length = 33};
  CHECK_FALSE(check(set, "key"));
  set.prefixes[0] = {.address = {.family = IpFamily{5}, .bytes = {}}, .length = 1};
  CHECK_FALSE(check(set, "key"));
  set.prefixes[0] = {.address = {}, .length = 4};
  CHECK_FALSE(check(set, "key"));
}
