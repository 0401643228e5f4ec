#include "base/audit_field.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;

TEST_CASE("a plain value is quoted in the audit log", "[base]") {
  CHECK(audit_field("vm", "web1") == "vm=\"web1\"");
  CHECK(audit_field("path", "/dev/kvm") == "path=\"/dev/kvm\"");
}

TEST_CASE("a value that could pass for another field is written in hexadecimal digits", "[base]") {
  CHECK(audit_field("vm", "a b") == "vm=612062");
  CHECK(audit_field("vm", "a\" res=failed") == "vm=6122207265733D6661696C6564");
  CHECK(audit_field("vm", "\n") == "vm=0A");
  CHECK(audit_field("vm", "\x7f") == "vm=7F");
  CHECK(audit_field("vm", "\xc3\xa9") == "vm=C3A9");
}
