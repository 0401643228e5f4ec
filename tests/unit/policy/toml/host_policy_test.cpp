#include "policy/toml/host_policy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string errors(const std::string& text) {
  const auto record = parse_host_policy(text, "host.toml");
  return record ? "accepted" : record.error().message;
}

}  // namespace

TEST_CASE("an empty host policy is the default one", "[policy]") {
  const auto record = parse_host_policy("", "host.toml");
  REQUIRE(record);
  CHECK(*record == default_host_policy());
}

TEST_CASE("every key of the host policy arrives in its field", "[policy]") {
  const auto record = parse_host_policy(R"(
selinux = "optional"
[uids]
base = 100000
count = 200
[limits]
vcpus = 2
memory = "1 GiB"
guests = 100
[images]
directories = ["/srv/a", "/srv/b"]
[networks]
taps = ["tap0"]
bridges = ["br0", "br1"]
)",
                                        "host.toml");
  REQUIRE(record);
  CHECK(record->selinux == SelinuxMode::optional);
  CHECK(record->uid_base == 100'000);
  CHECK(record->uid_count == 200);
  CHECK(record->max_vcpus == 2);
  CHECK(record->max_memory_bytes == 1ULL << 30);
  CHECK(record->max_guests == 100);
  REQUIRE(record->image_directory_count == 2);
  CHECK(record->image_directories[1].view() == "/srv/b");
  REQUIRE(record->tap_count == 1);
  CHECK(record->taps[0].view() == "tap0");
  REQUIRE(record->bridge_count == 2);
  CHECK(record->bridges[1].view() == "br1");
}

TEST_CASE("mistakes in the host policy are told like those of a specification", "[policy]") {
  CHECK(errors("selinux = \"off\"\n") ==
        "host.toml:1:11: selinux: \"off\" is not a mode; allowed: \"required\" or \"optional\"");
  CHECK_THAT(errors("[uids]\nbase = 1000\n"), ContainsSubstring("uids.base: 1000 is out of range"));
  CHECK_THAT(errors("[uids]\nbase = 70001\n"), ContainsSubstring("an even number"));
  CHECK_THAT(errors("[uids]\ncount = 3\n"), ContainsSubstring("uids.count: 3 is out of range"));
  CHECK_THAT(errors("[uids]\ncount = 4000000000\n"), ContainsSubstring("uids.count"));
  CHECK_THAT(errors("[uids]\nbase = 2147483000\n"), ContainsSubstring("uids.count"));
  CHECK_THAT(errors("[limits]\nvcpus = 65\n"), ContainsSubstring("limits.vcpus"));
  CHECK_THAT(errors("[limits]\nmemory = \"1 MiB\"\n"), ContainsSubstring("limits.memory"));
  CHECK_THAT(errors("[limits]\nguests = 0\n"), ContainsSubstring("limits.guests"));
  CHECK_THAT(errors("[limits]\nguest = 1\n"), ContainsSubstring("did you mean \"guests\"?"));
  CHECK_THAT(errors("[images]\ndirectories = \"/srv\"\n"),
             ContainsSubstring("images.directories: this is a text"));
  CHECK_THAT(errors("[images]\ndirectories = [1]\n"),
             ContainsSubstring("images.directories: this is a whole number"));
  CHECK_THAT(errors("[images]\ndirectories = [\"srv\"]\n"),
             ContainsSubstring("\"srv\" is not a path in normal form"));
  CHECK_THAT(errors("[networks]\nbridges = [\"a/b\"]\n"),
             ContainsSubstring("networks.bridges: \"a/b\" cannot be the name of an interface"));
  CHECK_THAT(errors("[networks]\nbridge = [\"a\"]\n"), ContainsSubstring("did you mean \"bridges\"?"));
  std::string many = "[images]\ndirectories = [";
  for (int i = 0; i < 17; ++i) many += "\"/d" + std::to_string(i) + "\",";
  CHECK_THAT(errors(many + "]\n"), ContainsSubstring("17 directories are too many"));
}
