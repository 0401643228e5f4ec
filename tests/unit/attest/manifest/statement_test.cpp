#include "attest/manifest/statement.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/attest/manifest/manifests.hpp"

using namespace immure::attest;
using namespace immure::attest::manifest;
using namespace immure::attest::test;
using Json = nlohmann::json;

namespace {

Json good_json() { return Json::parse(good_envelope().payload); }

}  // namespace

TEST_CASE("a statement names every code event with its digests, and what is unmeasured", "[attest]") {
  const auto statement = parse_statement(good_envelope().payload);
  REQUIRE(statement);
  CHECK(statement->subjects.size() == 11);
  CHECK(statement->subjects.at("kernel").at("sha256") == to_hex(*sha256(bytes_of_text("kernel"))));
  CHECK(statement->subjects.at("kernel").at("sha384") == to_hex(*sha384(bytes_of_text("kernel"))));
  CHECK(statement->subjects.at("kernel").size() == 2);
  CHECK(statement->unmeasured == std::vector<std::string>{"disk:root"});
  CHECK(statement->expires == at("2027-01-01"));
}

TEST_CASE("a statement has the shape of in-toto's version 1", "[attest]") {
  const auto json = good_json();
  CHECK(json["_type"] == "https://in-toto.io/Statement/v1");
  CHECK(json["predicateType"] == predicate_type);
  CHECK(json["subject"][0]["name"].is_string());
  CHECK(json["subject"][0]["digest"]["sha256"].is_string());
}

TEST_CASE("a statement with anything that is not understood is refused", "[attest]") {
  const auto refused = [](auto edit) {
    auto json = good_json();
    edit(json);
    return !parse_statement(json.dump());
  };
  CHECK_FALSE(refused([](Json&) {}));
  CHECK(refused([](Json& json) { json["_type"] = "https://in-toto.io/Statement/v0.1"; }));
  CHECK(refused([](Json& json) { json["predicateType"] = "https://slsa.dev/provenance/v1"; }));
  CHECK(refused([](Json& json) { json["more"] = 1; }));
  CHECK(refused([](Json& json) { json["predicate"]["notBefore"] = "2026-01-01T00:00:00Z"; }));
  CHECK(refused([](Json& json) { json["predicate"].erase("issued"); }));
  CHECK(refused([](Json& json) { json["predicate"]["expires"] = "soon"; }));
  CHECK(refused([](Json& json) { json["predicate"]["expires"] = "2027-01-01"; }));
  CHECK(refused([](Json& json) { json["predicate"]["expires"] = nullptr; }));
  CHECK(refused([](Json& json) { json["predicate"]["unmeasured"] = "disk:root"; }));
  CHECK(refused([](Json& json) { json["predicate"]["unmeasured"][0] = 7; }));
  CHECK(refused([](Json& json) { json["subject"] = Json::array(); }));
  CHECK(refused([](Json& json) { json["subject"].push_back(json["subject"][0]); }));
  CHECK(refused([](Json& json) { json["subject"][0]["name"] = ""; }));
  CHECK(refused([](Json& json) { json["subject"][0]["uri"] = "x"; }));
  CHECK(refused([](Json& json) { json["subject"][0]["digest"] = Json::object(); }));
  CHECK(refused([](Json& json) { json["subject"][0]["digest"]["md5"] = "00"; }));
  CHECK(refused([](Json& json) { json["subject"][0]["digest"]["sha256"] = "00"; }));
  CHECK(refused([](Json& json) { json["subject"][0]["digest"]["sha256"] = 7; }));
  CHECK(refused([](Json& json) {
    auto& digest = json["subject"][0]["digest"]["sha256"];
    digest = digest.get<std::string>() + "\nsize=5";
  }));
}
