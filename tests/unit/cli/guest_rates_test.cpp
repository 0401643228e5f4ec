#include "cli/usage/guest_rates.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/cli/usage_fixture.hpp"

using namespace immure;
using namespace immure::cli;
using namespace immure::cli::test;

TEST_CASE("rates are differences by the time between", "[top]") {
  auto before = a_reading("web", 10);
  auto now = a_reading("web", 12);
  before.usage->cpu_usec = 5'000'000;
  now.usage->cpu_usec = 8'000'000;
  now.usage->memory_bytes = 123;
  before.statistics->disks[0].counters = {.reads = 10, .read_bytes = 1000};
  now.statistics->disks[0].counters = {
      .reads = 14, .read_bytes = 5000, .writes = 2, .written_bytes = 600, .flushes = 1, .discards = 1};
  now.statistics->disks.push_back({.id = "data", .counters = {.written_bytes = 400}});
  now.statistics->nets[0].counters = {.sent_bytes = 64, .received_bytes = 32};
  now.statistics->vcpus[0] = {.port_exits = 1, .memory_exits = 2, .interrupt_exits = 3, .other_exits = 4};
  const auto rates = rates_between(before, now);
  CHECK(rates.cpu_percent == 150.0);
  CHECK(rates.memory_bytes == 123);
  REQUIRE(rates.devices);
  CHECK(rates.devices->read_bytes == 2000.0);
  CHECK(rates.devices->written_bytes == 500.0);
  CHECK(rates.devices->disk_requests == 4.0);
  CHECK(rates.devices->sent_bytes == 32.0);
  CHECK(rates.devices->received_bytes == 16.0);
  CHECK(rates.devices->exits == 5.0);
}

TEST_CASE("a fresh VMM counts from 0", "[top]") {
  auto before = a_reading("web", 10);
  auto now = a_reading("web", 12);
  before.statistics->disks[0].counters.read_bytes = 1'000'000;
  before.statistics->nets[0].counters.sent_bytes = 10;
  now.statistics->disks[0].counters.read_bytes = 600;
  now.statistics->nets[0].counters.sent_bytes = 20;  // more than before, and yet anew
  now.statistics->machine.uptime_usec = 1;
  const auto rates = rates_between(before, now);
  CHECK(rates.devices->read_bytes == 300.0);
  CHECK(rates.devices->sent_bytes == 10.0);
}

TEST_CASE("what cannot be known is missing, and no time is no rate", "[top]") {
  auto now = a_reading("web", 12);
  CHECK_FALSE(rates_between(now, now).cpu_percent);
  auto before = a_reading("web", 10);
  before.statistics.reset();
  CHECK_FALSE(rates_between(before, now).devices);
  before.usage.reset();
  CHECK_FALSE(rates_between(before, now).cpu_percent);
  CHECK(rates_between(before, now).memory_bytes == 0);
}

TEST_CASE("guests that come or go between two readings, or are others of the same name, are left out",
          "[top]") {
  const std::vector before{a_reading("gone", 1), a_reading("other", 1), a_reading("stays", 1),
                           a_reading("busy", 1)};
  std::vector now{a_reading("busy", 2), a_reading("new", 2), a_reading("other", 2), a_reading("stays", 2)};
  now[0].usage->cpu_usec = 1000;
  now[2].guest.state.uuid[0] = 1;
  const auto rates = rates_between(before, now);
  REQUIRE(rates.size() == 2);
  CHECK(rates[0].name == "busy");
  CHECK(rates[1].name == "stays");
}

TEST_CASE("a table has a dash, and JSON a null, for what is missing; colour is only asked for", "[top]") {
  GuestRates guest{
      .name = "web", .liveness = Liveness::paused, .cpu_percent = 12.345, .memory_bytes = 1 << 20};
  const auto plain = rates_table(std::span(&guest, 1), Style(Style::Colour::never));
  CHECK(plain.contains("web   paused  12.3  1M      -"));
  CHECK_FALSE(plain.contains('\033'));
  CHECK(rates_table(std::span(&guest, 1), Style(Style::Colour::always)).starts_with("\033[1mNAME"));
  const auto json = nlohmann::json::parse(rates_json(std::span(&guest, 1)));
  CHECK(json[0]["state"] == "paused");
  CHECK(json[0]["beside_bytes"].is_null());
  CHECK(json[0]["exits_per_second"].is_null());
  CHECK(json[0]["memory_bytes"] == 1 << 20);
  CHECK(rates_json({}) == "[]");
}
