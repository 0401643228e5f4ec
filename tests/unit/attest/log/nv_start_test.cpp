#include "attest/log/nv_start.hpp"

#include <catch2/catch_test_macros.hpp>

#include "attest/log/cel.hpp"
#include "tests/unit/attest/quote/nv_bundles.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;
using log::NvStart;

TEST_CASE("the start of an NV index is an event that is read back", "[attest]") {
  const auto start = good_start();
  const auto again = log::parse_nv_start(log::event_of(start));
  REQUIRE(again);
  CHECK(again->index == start.index);
  CHECK(again->name == start.name);
  CHECK(again->value == start.value);
  auto event = log::event_of(start);
  CHECK(event.kind == measure::EventKind::identity);
  for (std::size_t i = 0; i < event.fields.size(); ++i) {
    auto other = event;
    other.fields[i].value.pop_back();
    CHECK_FALSE(log::parse_nv_start(other));
    other.fields.erase(other.fields.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(log::parse_nv_start(other));
  }
  event.fields.push_back({"more", "x"});
  CHECK_FALSE(log::parse_nv_start(event));
}

TEST_CASE("a log for an NV index is written as CEL and read back", "[attest]") {
  const auto records = nv_records();
  const auto bytes = log::write_cel(records);
  // Number, then PCR for the start and NV index for the others.
  CHECK(bytes[13] == 1);
  const auto read = log::parse_cel(bytes);
  REQUIRE(read);
  REQUIRE(read->size() == records.size());
  CHECK(read->front().pcr == 13);
  CHECK(read->front().nv_index == 0);
  CHECK(read->back().nv_index == test_index);
  CHECK(log::write_cel(*read) == bytes);
  // Launches that are recorded in a PCR do not go on with it.
  CHECK_FALSE(log::count_records(bytes));
  auto none = records;
  none.back().nv_index = 0;
  CHECK(log::nv_start_of(records).value()->index == test_index);
}

TEST_CASE("a log that is not for one NV index from its start on is refused", "[attest]") {
  const auto good = nv_records();
  SECTION("a record for a PCR") {
    auto records = good;
    records[3].nv_index = 0;
    CHECK_FALSE(log::nv_start_of(records));
  }
  SECTION("a record for another index") {
    auto records = good;
    records[3].nv_index ^= 1;
    CHECK_FALSE(log::nv_start_of(records));
  }
  SECTION("a second start") {
    auto records = good;
    records.insert(records.begin() + 4, records.front());
    CHECK_FALSE(log::nv_start_of(records));
    records[4].nv_index = test_index;
    CHECK_FALSE(log::nv_start_of(records));
  }
  SECTION("no start") {
    CHECK_FALSE(log::nv_start_of({good.begin() + 1, good.end()}));
    CHECK_FALSE(log::nv_start_of({}));
  }
  SECTION("a start in the NV index itself") {
    auto records = good;
    records[0].nv_index = test_index;
    CHECK_FALSE(log::nv_start_of(records));
  }
  CHECK(log::nv_start_of(good_records()).value() == std::nullopt);
}

TEST_CASE("replaying an NV index is what the TPM computes: SHA-256 of what it had and the record's",
          "[attest]") {
  const auto records = nv_records();
  auto value = good_start().value;
  for (std::size_t i = 1; i < records.size(); ++i) {
    ByteVector both(value.begin(), value.end());
    both.insert(both.end(), records[i].digests.sha256.begin(), records[i].digests.sha256.end());
    value = sha256(both).value();
  }
  CHECK(log::replay_nv(good_start(), records).value() == value);
}
