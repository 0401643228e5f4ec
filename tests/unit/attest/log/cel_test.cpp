#include "attest/log/cel.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "attest/log/json_seq.hpp"
#include "attest/log/replay.hpp"
#include "tests/unit/attest/measure/guest_files.hpp"

using namespace immure::attest;
using namespace immure::attest::log;
using namespace immure::attest::test;
using measure::Event;
using measure::EventKind;

namespace {

std::vector<Record> good_records() { return make_records(good_events(), 13).value(); }

const Event small{.kind = EventKind::identity, .name = "n", .fields = {{"value", "v"}}};

}  // namespace

TEST_CASE("a record has the layout of TCG's canonical event log, number and lengths big-endian", "[attest]") {
  const auto records = make_records({small}, 13);
  REQUIRE(records);
  const auto content = to_hex(content_tlv(small));
  // Type "I" and 20 bytes: type identity and 15 bytes, "name=n\nvalue=v\n".
  CHECK(content ==
        "4900000014"
        "020000000f" +
            to_hex(bytes_of_text("name=n\nvalue=v\n")));
  CHECK(to_hex(write_cel(*records)) ==
        "00"
        "00000008"
        "0000000000000000"
        "01"
        "00000001"
        "0d"
        "03"
        "0000005a"
        "0b"
        "00000020" +
            to_hex(*sha256(content_tlv(small))) +
            "0c"
            "00000030" +
            to_hex(*sha384(content_tlv(small))) + content);
}

TEST_CASE("a log is read back as it was written", "[attest]") {
  const auto records = good_records();
  const auto bytes = write_cel(records);
  const auto read = parse_cel(bytes);
  REQUIRE(read);
  CHECK(write_cel(*read) == bytes);
  CHECK(read->size() == records.size());
  CHECK(read->back().event == records.back().event);
}

TEST_CASE("every changed byte of a log is refused, or is for another PCR", "[attest]") {
  const auto original = write_cel(good_records());
  std::size_t other_pcr = 0;
  for (std::size_t i = 0; i < original.size(); ++i) {
    auto bytes = original;
    bytes[i] ^= 1;
    const auto read = parse_cel(bytes);
    if (!read) continue;
    ++other_pcr;
    const auto values = replay(*read);
    REQUIRE(values);
    REQUIRE(values->contains(12));
  }
  CHECK(other_pcr == good_records().size());
}

TEST_CASE("a log that is cut is refused, but between two records, where its replay differs", "[attest]") {
  const auto original = write_cel(good_records());
  const auto whole = replay(good_records())->at(13).sha256;
  std::size_t between = 0;
  for (std::size_t size = 1; size < original.size(); ++size) {
    const auto read = parse_cel(Bytes(original).first(size));
    if (!read) continue;
    ++between;
    REQUIRE(replay(*read)->at(13).sha256 != whole);
  }
  CHECK(between == good_records().size() - 1);
}

TEST_CASE("records out of order, or there twice, are refused", "[attest]") {
  auto records = good_records();
  std::swap(records[0], records[1]);
  CHECK_FALSE(parse_cel(write_cel(records)));
  records = good_records();
  records.push_back(records.back());
  CHECK_FALSE(parse_cel(write_cel(records)));
}

TEST_CASE("a PCR that does not exist is refused", "[attest]") {
  auto records = good_records();
  records[0].pcr = 24;
  CHECK_FALSE(parse_cel(write_cel(records)));
}

TEST_CASE("a replay extends from zero as a TPM does", "[attest]") {
  const auto records = make_records({small, small}, 13);
  REQUIRE(records);
  ByteVector both(32);
  const auto digest = *sha256(content_tlv(small));
  both.insert(both.end(), digest.begin(), digest.end());
  const auto once = *sha256(both);
  both.assign(once.begin(), once.end());
  both.insert(both.end(), digest.begin(), digest.end());
  CHECK(replay(*records)->at(13).sha256 == *sha256(both));
  CHECK(replay(*records)->size() == 1);
}

TEST_CASE("the JSON text sequence has one text for each record, with the same digests", "[attest]") {
  const auto records = good_records();
  const auto text = write_json_seq(records);
  std::size_t at = 0;
  for (const auto& record : records) {
    REQUIRE(text[at] == '\x1e');
    const auto end = text.find('\n', at);
    REQUIRE(end != std::string::npos);
    const auto json = nlohmann::json::parse(text.substr(at + 1, end - at - 1));
    CHECK(json["pcr"] == 13);
    CHECK(json["digests"][0]["hashAlg"] == "sha256");
    CHECK(json["digests"][0]["digest"] == to_hex(record.digests.sha256));
    CHECK(json["digests"][1]["hashAlg"] == "sha384");
    CHECK(json["digests"][1]["digest"] == to_hex(record.digests.sha384));
    CHECK(json["content"]["eventType"] == measure::name_of(record.event.kind));
    CHECK(json["content"]["name"] == record.event.name);
    at = end + 1;
  }
  CHECK(at == text.size());
}
