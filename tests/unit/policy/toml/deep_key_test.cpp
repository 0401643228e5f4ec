#include "policy/toml/deep_key.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

using immure::policy::toml_text::find_deep_key;

namespace {
const std::string sixteen = "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a";
const std::string dots(40, '.');
}  // namespace

TEST_CASE("a key of more than sixteen parts is found at its sixteenth dot", "[policy]") {
  CHECK_FALSE(find_deep_key(sixteen + " = 1\n" + sixteen + " = 1\n"));
  CHECK_FALSE(find_deep_key("[" + sixteen + "]\n" + sixteen + " = {" + sixteen + " = 1}\n"));
  const auto place = find_deep_key("a = 1 # end\n" + sixteen + " . \"x.y\" = 1\n");
  REQUIRE(place);
  CHECK(place->line == 2);
  CHECK(place->column == 33);
  CHECK(find_deep_key("a = {b = 1, 'c'." + sixteen + " = 1}\n"));
}

TEST_CASE("dots in strings and comments belong to no key", "[policy]") {
  CHECK_FALSE(find_deep_key("a = \"" + dots + "\" # " + dots + "\nb = '" + dots + "'\n"));
  CHECK_FALSE(find_deep_key("a = \"x\\\"" + dots + "\"\n"));
  CHECK_FALSE(find_deep_key("a = \"\"\"\n\"" + dots + "\\\"\"\"" + dots + "\"\"\"\"\"\n"));
  CHECK_FALSE(find_deep_key("a = '''\n''" + dots + "'''\n"));
}

TEST_CASE("no string hides a key behind it", "[policy]") {
  const auto key = "." + sixteen + " = 1";
  CHECK(find_deep_key("a = {b = \"\"\"x\" # \"\"\", c" + key + "}\n"));
  CHECK(find_deep_key("a = {b = \"\"\"x\"\"\"\", c" + key + "}\n"));
  CHECK(find_deep_key("a = {b = \"\"\"\"\"\", c" + key + "}\n"));
  CHECK(find_deep_key("a = {b = '''x\\''', c" + key + "}\n"));
  CHECK(find_deep_key("a = {b = '\\', c" + key + "}\n"));
  CHECK(find_deep_key("a = {b = \"\", c" + key + "}\n"));
  CHECK(find_deep_key("a = \"not closed\nc" + key + "\n"));
}
