#include "monitor/varlink_call.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::monitor;
using nlohmann::json;

TEST_CASE("a call is read with its parameters and flags", "[varlink]") {
  const auto call = parse_call(R"({"method":"a.b.C","parameters":{"n":1},"more":true,"oneway":false})");
  REQUIRE(call);
  CHECK(call->method == "a.b.C");
  CHECK(call->parameters == json{{"n", 1}});
  CHECK(call->wants_more);
  CHECK_FALSE(call->is_oneway);
  CHECK_FALSE(call->wants_upgrade);
}

TEST_CASE("parameters and flags may be left out, or null", "[varlink]") {
  for (const auto* text : {R"({"method":"a.b.C"})", R"({"method":"a.b.C","parameters":null,"more":null})"}) {
    const auto call = parse_call(text);
    REQUIRE(call);
    CHECK(call->parameters == json::object());
    CHECK_FALSE(call->wants_more);
  }
}

TEST_CASE("hostile: what is no call is refused", "[varlink][hostile]") {
  for (const auto* text :
       {"", "{", "null", "[]", "17", R"("method")", "{}", R"({"method":7})",
        R"({"method":"a.b.C","parameters":[]})", R"({"method":"a.b.C","parameters":7})",
        R"({"method":"a.b.C","more":1})", R"({"method":"a.b.C","oneway":"yes"})",
        R"({"method":"a.b.C","upgrade":{}})", "{\"method\":\"\xff\"}",
        R"({"method":"a.b.C"}{"method":"a.b.C"})", R"({"method":"a.b.C","parameters":{"n":1e999}})"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_call(text));
  }
}

TEST_CASE("hostile: a call is no deeper and no longer than allowed, whatever its strings hold",
          "[varlink][hostile]") {
  const auto nested = [](unsigned depth) {
    return R"({"method":"a.b.C","parameters":{"n":)" + std::string(depth, '[') + std::string(depth, ']') +
           "}}";
  };
  CHECK(parse_call(nested(max_call_depth - 2)));
  CHECK_FALSE(parse_call(nested(max_call_depth - 1)));
  CHECK_FALSE(parse_call(nested(8000)));
  CHECK(parse_call(R"({"method":"a.b.C","parameters":{"n":"\"[[[[[[[[[[[[\\"}})"));
  const auto sized = [](std::size_t size) {
    const std::string_view rest = R"({"method":""})";
    return R"({"method":")" + std::string(size - rest.size(), 'x') + "\"}";
  };
  CHECK(sized(100).size() == 100);
  CHECK(parse_call(sized(max_call_bytes)));
  CHECK_FALSE(parse_call(sized(max_call_bytes + 1)));
}

TEST_CASE("answers are as varlink.org has them", "[varlink]") {
  CHECK(json::parse(reply_text({{"n", 1}})) == json::parse(R"({"parameters":{"n":1}})"));
  CHECK(json::parse(reply_text(json::object(), Replies::continue_)) ==
        json::parse(R"({"parameters":{},"continues":true})"));
  CHECK(json::parse(error_text("a.b.Wrong", {{"why", "x"}})) ==
        json::parse(R"({"error":"a.b.Wrong","parameters":{"why":"x"}})"));
  CHECK_FALSE(error_text("a.b.Wrong", {{"why", std::string("\0\xff", 2)}}).contains('\0'));
}
