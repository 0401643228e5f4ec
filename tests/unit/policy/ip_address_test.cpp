#include "policy/ip_address.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::policy;

TEST_CASE("an address is read and written as the kernel's tools do", "[policy]") {
  CHECK(ip_text(*parse_ip("192.0.2.2")) == "192.0.2.2");
  CHECK(ip_text(*parse_ip("2001:DB8:0:0::2")) == "2001:db8::2");
  CHECK(parse_ip("169.254.169.254") == metadata_v4);
  CHECK(parse_ip("fd00:ec2::254") == metadata_v6);
  CHECK(ip_text(IpAddress{}).empty());
}

TEST_CASE("text that is no address, or more than one, is not read", "[policy]") {
  for (const auto* text :
       {"", "192.0.2", "192.0.2.2/24", "192.0.2.2 ", " 192.0.2.2", "0192.0.2.2", "192.0.2.256",
        "2001:db8::2/64", "fe80::1%eth0", "2001:db8:::2", "web", "::ffff:192.0.2.300", "::ffff:192.0.2.2"}) {
    INFO(text);
    CHECK_FALSE(parse_ip(text));
  }
  CHECK_FALSE(parse_ip(std::string_view("192.0.2.2\0x", 11)));
}

TEST_CASE("an interface's own address is not one of many, of nobody or of the metadata service", "[policy]") {
  for (const auto* text : {"192.0.2.2", "10.0.0.1", "169.254.1.1", "2001:db8::2", "fe80::1", "fd00::1"}) {
    INFO(text);
    CHECK(is_own_address(*parse_ip(text)));
  }
  for (const auto* text :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.1.2.3", "255.255.255.255", "240.0.0.1",
        "169.254.169.254", "::", "::1", "::192.0.2.2", "ff02::1", "fd00:ec2::254"}) {
    INFO(text);
    CHECK_FALSE(is_own_address(*parse_ip(text)));
  }
  CHECK_FALSE(is_own_address(IpAddress{}));
  CHECK_FALSE(is_own_address({.family = IpFamily{5}, .bytes = {192, 0, 2, 2}}));
  CHECK_FALSE(is_own_address({.family = IpFamily::v4, .bytes = {192, 0, 2, 2, 1}}));
}
