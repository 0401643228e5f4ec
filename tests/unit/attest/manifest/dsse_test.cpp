#include "attest/manifest/dsse.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace immure::attest;
using namespace immure::attest::manifest;

TEST_CASE("what is signed is DSSE's pre-authentication encoding, byte for byte", "[attest]") {
  // The example of DSSE's protocol.md.
  const auto encoding = pre_authentication_encoding("http://example.com/HelloWorld", "hello world");
  CHECK(std::string(encoding.begin(), encoding.end()) ==
        "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST_CASE("an envelope is read back as it was written", "[attest]") {
  const Envelope envelope{.payload_type = "t", .payload = "p", .signatures = {{"id", {1, 2}}, {"", {3}}}};
  const auto read = parse_envelope(write_envelope(envelope));
  REQUIRE(read);
  CHECK(read->payload_type == "t");
  CHECK(read->payload == "p");
  REQUIRE(read->signatures.size() == 2);
  CHECK(read->signatures[0].key_id == "id");
  CHECK(read->signatures[0].bytes == ByteVector{1, 2});
}

TEST_CASE("an envelope of DSSE's own example is read", "[attest]") {
  const auto read = parse_envelope(
      R"({"payload":"aGVsbG8gd29ybGQ=","payloadType":"http://example.com/HelloWorld","signatures":[{"sig":"AQI="}]})");
  REQUIRE(read);
  CHECK(read->payload == "hello world");
  CHECK(read->signatures[0].key_id.empty());
}

TEST_CASE("an envelope of any other shape is refused", "[attest]") {
  for (const auto* const text : {
           R"([])",
           R"({"payload":"","payloadType":"t"})",
           R"({"payload":"","payloadType":"t","signatures":[]})",
           R"({"payload":"","payloadType":"t","signatures":{}})",
           R"({"payload":"","payloadType":7,"signatures":[{"sig":""}]})",
           R"({"payload":7,"payloadType":"t","signatures":[{"sig":""}]})",
           R"({"payload":"A","payloadType":"t","signatures":[{"sig":""}]})",
           R"({"payload":"AR==","payloadType":"t","signatures":[{"sig":""}]})",
           R"({"payload":"","payloadType":"t","signatures":[{"sig":7}]})",
           R"({"payload":"","payloadType":"t","signatures":[{"keyid":"a"}]})",
           R"({"payload":"","payloadType":"t","signatures":[{"sig":"","cert":""}]})",
           R"({"payload":"","payloadType":"t","signatures":[{"sig":""}],"more":1})",
       }) {
    CAPTURE(text);
    CHECK_FALSE(parse_envelope(text));
  }
  const Envelope many{.payload_type = "t", .payload = "p", .signatures = {17, {"id", {1}}}};
  CHECK_FALSE(parse_envelope(write_envelope(many)));
}
