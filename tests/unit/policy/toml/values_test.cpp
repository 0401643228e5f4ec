#include "policy/toml/values.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::policy;
using namespace immure::policy::toml_text;

TEST_CASE("a size is a whole number and a binary unit", "[policy]") {
  CHECK(parse_size("512 MiB") == 512ULL << 20);
  CHECK(parse_size("1GiB") == 1ULL << 30);
  CHECK(parse_size("2 TiB") == 2ULL << 40);
  CHECK(parse_size("3 KiB") == 3072);
  CHECK(parse_size("4096 B") == 4096);
  CHECK(parse_size("4096") == 4096);
}

TEST_CASE("what could mean two sizes is no size", "[policy]") {
  for (const auto* text :
       {"", " ", "MiB", "1 MB", "1 M", "1  MiB", "1 MiB ", " 1 MiB", "1 mib", "1.5 GiB", "-1 MiB", "+1 MiB",
        "0x10", "1e3", "99999999999999999999", "18446744073709551615 KiB"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("a size is printed in the largest unit that divides it", "[policy]") {
  CHECK(format_size(512ULL << 20) == "512 MiB");
  CHECK(format_size(1ULL << 40) == "1 TiB");
  CHECK(format_size(1536ULL << 20) == "1536 MiB");
  CHECK(format_size(5) == "5 B");
  CHECK(format_size(0) == "0 B");
}

TEST_CASE("a UUID is read in either case and printed in lower case", "[policy]") {
  const auto uuid = parse_uuid("6F7b6f5e-2f38-4b0a-9c55-0f6c1a3f6d21");
  REQUIRE(uuid);
  CHECK((*uuid)[0] == 0x6f);
  CHECK((*uuid)[15] == 0x21);
  CHECK(uuid_text(*uuid) == "6f7b6f5e-2f38-4b0a-9c55-0f6c1a3f6d21");
  CHECK_FALSE(parse_uuid("6f7b6f5e2f384b0a9c550f6c1a3f6d21"));
  CHECK_FALSE(parse_uuid("6f7b6f5e-2f38-4b0a-9c55-0f6c1a3f6d2"));
  CHECK_FALSE(parse_uuid("6f7b6f5e-2f38-4b0a-9c55-0f6c1a3f6d2g"));
  CHECK_FALSE(parse_uuid("6f7b6f5e-2f38-4b0a-9c55+0f6c1a3f6d21"));
}

TEST_CASE("a path is taken from the base directory and brought into normal form", "[policy]") {
  CHECK(resolve_path("/srv", "disk.raw") == "/srv/disk.raw");
  CHECK(resolve_path("/srv/", "./a//b/../disk.raw") == "/srv/a/disk.raw");
  CHECK(resolve_path("/srv/a", "../disk.raw") == "/srv/disk.raw");
  CHECK(resolve_path("/srv", "/x/y/") == "/x/y");
  CHECK(resolve_path("/", "a") == "/a");
}

TEST_CASE("a path that names no file is refused", "[policy]") {
  CHECK_FALSE(resolve_path("/srv", ""));
  CHECK_FALSE(resolve_path("/srv", "/"));
  CHECK_FALSE(resolve_path("/srv", ".."));
  CHECK_FALSE(resolve_path("/srv", "../../x"));
  CHECK_FALSE(resolve_path("", "disk.raw"));
  CHECK_FALSE(resolve_path("srv", "disk.raw"));
}
