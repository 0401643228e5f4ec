#include "policy/toml/diagnostics.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace immure::policy::toml_text;
using Catch::Matchers::EndsWith;

TEST_CASE("errors come in the order of the file, one on a line", "[policy]") {
  Diagnostics diagnostics("guest.toml");
  CHECK(diagnostics.empty());
  diagnostics.add({7, 1}, "second");
  diagnostics.add({2, 9}, "first");
  CHECK(diagnostics.error().error().message == "guest.toml:2:9: first\nguest.toml:7:1: second");
}

TEST_CASE("at most twenty errors are shown, and the rest is counted", "[policy]") {
  Diagnostics diagnostics("guest.toml");
  for (std::uint32_t line = 1; line <= 25; ++line) diagnostics.add({line, 1}, "wrong");
  const auto message = diagnostics.error().error().message;
  CHECK(std::ranges::count(message, '\n') == 20);
  CHECK_THAT(message, EndsWith("guest.toml: and 5 more errors"));
}

TEST_CASE("bytes of the file cannot forge a line or drive a terminal", "[policy]") {
  Diagnostics diagnostics("guest.toml");
  diagnostics.add({1, 1}, "\x1b[31m\nguest.toml:9:9: fine");
  CHECK(diagnostics.error().error().message == "guest.toml:1:1: ?[31m?guest.toml:9:9: fine");
}

TEST_CASE("quoted text is cut where it is long", "[policy]") {
  CHECK(quoted("short") == "\"short\"");
  CHECK(immure::policy::toml_text::quoted(std::string(1000, 'x')) == "\"" + std::string(64, 'x') + "...\"");
}
