#include "attest/log/tcg.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "attest/log/replay.hpp"
#include "tests/unit/attest/measure/guest_files.hpp"
#include "tests/unit/attest/program/run_program.hpp"

using namespace immure::attest;
using namespace immure::attest::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("tpm2_eventlog reads our log, and comes to the same values", "[attest]") {
  const auto records = log::make_records(good_events(), 13).value();
  const Scratch scratch;
  const auto outcome = run_command({"tpm2_eventlog", scratch.write("log", Bytes(log::write_tcg(records)))});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.status == 0);
  CHECK_THAT(outcome.out, ContainsSubstring("EventType: EV_EVENT_TAG"));
  const auto value = log::replay(records).value().at(13);
  CHECK_THAT(outcome.out, ContainsSubstring("0x" + to_hex(value.sha256)));
  CHECK_THAT(outcome.out, ContainsSubstring("0x" + to_hex(value.sha384)));
}
