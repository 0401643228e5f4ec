#include "policy/toml/plain_scan.hpp"

#include <catch2/catch_test_macros.hpp>

using immure::policy::toml_text::find_deep_key;
using immure::policy::toml_text::find_stray_non_ascii;

TEST_CASE("letters beyond ASCII may stand in comments and in strings of one line", "[policy]") {
  CHECK_FALSE(find_stray_non_ascii("# caf\u00e9 \"\na = \"caf\u00e9\" # \u00e9\nb = 'caf\u00e9'\n"));
  CHECK_FALSE(find_stray_non_ascii("a = \"quote \\\" caf\u00e9\"\n"));
  CHECK_FALSE(find_stray_non_ascii("\ufeffa = 1\n"));
}

TEST_CASE("anywhere else they are found, with their place", "[policy]") {
  const auto key = find_stray_non_ascii("a = 1\ncaf\u00e9 = 1\n");
  REQUIRE(key);
  CHECK(key->line == 2);
  CHECK(key->column == 4);
  CHECK(find_stray_non_ascii("a = \"x\" \u02ec\n"));
  CHECK(find_stray_non_ascii("a = \"x\\\\\" \u02ec\n"));
  CHECK(find_stray_non_ascii("a = \"not closed\n\u02ec\n"));
  CHECK(find_stray_non_ascii("a = \"\"\"\n\u02ec\"\"\"\n"));
}

TEST_CASE("a key of more than sixteen parts is found at its sixteenth dot", "[policy]") {
  const std::string sixteen = "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
  CHECK_FALSE(find_deep_key(sixteen + " = 1\n" + sixteen + " = 1\n"));
  CHECK_FALSE(find_deep_key("[" + sixteen + "]\n" + sixteen + " = {" + sixteen + " = 1}\n"));
  const auto place = find_deep_key("a = 1 # end\n" + sixteen + " . \"x.y\" = 1\n");
  REQUIRE(place);
  CHECK(place->line == 2);
  CHECK(place->column == 33);
  CHECK(find_deep_key("a = {b = 1, 'c'." + sixteen + " = 1}\n"));
}

TEST_CASE("dots in strings and comments belong to no key", "[policy]") {
  const std::string dots(40, '.');
  CHECK_FALSE(find_deep_key("a = \"" + dots + "\" # " + dots + "\nb = '" + dots + "'\n"));
}

TEST_CASE("a quote inside a malformed value starts no string that could hide a letter", "[policy]") {
  CHECK(find_stray_non_ascii("a = +1'\xc4\xba'\n"));
  CHECK(find_stray_non_ascii("a = [x\"\xc4\xba\"]\n"));
  CHECK_FALSE(find_stray_non_ascii("a = ['\xc4\xba', \"\xc4\xba\"]\n"));
}
