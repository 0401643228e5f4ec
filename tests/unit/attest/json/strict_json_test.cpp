#include "attest/json/strict_json.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::attest;

namespace {

constexpr JsonLimits limits{.bytes = 64, .depth = 3};

}  // namespace

TEST_CASE("JSON is read as it is", "[attest]") {
  const auto json = parse_strict_json(R"({"a": [1, {"b": "c"}]})", limits);
  REQUIRE(json);
  CHECK((*json)["a"][1]["b"] == "c");
}

TEST_CASE("JSON beyond its limits is refused", "[attest]") {
  CHECK(parse_strict_json("[[[]]]", limits));
  CHECK_FALSE(parse_strict_json("[[[[]]]]", limits));
  CHECK_FALSE(parse_strict_json("[[[{}]]]", limits));
  CHECK(parse_strict_json("[] " + std::string(61, ' '), limits));
  CHECK_FALSE(parse_strict_json("[] " + std::string(62, ' '), limits));
}

TEST_CASE("an object that has a member twice is refused, however it is written", "[attest]") {
  CHECK(parse_strict_json(R"({"a": 1, "b": {"a": 2}})", limits));
  CHECK_FALSE(parse_strict_json(R"({"a": 1, "a": 1})", limits));
  CHECK_FALSE(parse_strict_json(R"({"a": 1, "\u0061": 1})", limits));
  CHECK_FALSE(parse_strict_json(R"({"b": {"a": 1, "a": 2}})", limits));
}

TEST_CASE("what is not JSON, or goes on behind it, is refused", "[attest]") {
  for (const auto* const text : {"", "{", "{}}", "[1,]", "{'a': 1}", "nan", "\"\xff\"", "{} {}"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_strict_json(text, limits));
  }
}

TEST_CASE("an object must have exactly the members that are asked for", "[attest]") {
  const auto json = parse_strict_json(R"({"a": 1, "b": "x"})", limits);
  REQUIRE(json);
  CHECK(require_members(*json, {"b", "a"}, "it"));
  CHECK_FALSE(require_members(*json, {"a"}, "it"));
  CHECK_FALSE(require_members(*json, {"a", "b", "c"}, "it"));
  CHECK_FALSE(require_members((*json)["a"], {}, "it"));
  CHECK(text_member(*json, "b", "it").value() == "x");
  CHECK_FALSE(text_member(*json, "a", "it"));
}
