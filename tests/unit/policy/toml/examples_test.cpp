#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "policy/toml/guest_spec.hpp"
#include "policy/toml/host_policy.hpp"

using namespace immure::policy;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("every example is valid and survives a round trip", "[policy]") {
  int guests = 0;
  for (const auto& entry : std::filesystem::directory_iterator(IMMURE_EXAMPLES)) {
    if (entry.path().extension() != ".toml" || entry.path().filename() == "host.toml") continue;
    INFO(entry.path());
    const auto record = parse_guest_spec(content(entry.path()), "example", "/srv");
    REQUIRE(record);
    CHECK(check(*record));
    const auto again = parse_guest_spec(print_guest_spec(*record), "printed", "");
    REQUIRE(again);
    CHECK(*again == *record);
    ++guests;
  }
  CHECK(guests >= 3);
}

TEST_CASE("the example of a host policy is valid", "[policy]") {
  const auto record =
      parse_host_policy(content(std::filesystem::path(IMMURE_EXAMPLES) / "host.toml"), "host.toml");
  REQUIRE(record);
  CHECK(check(*record));
}
