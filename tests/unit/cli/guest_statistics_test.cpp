#include "cli/control/guest_statistics.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace immure;
using namespace immure::cli;
using nlohmann::json;

namespace {

template <typename Fields>
json counters(const Fields& fields, std::uint64_t first) {
  json out;
  for (const auto& field : fields) out[field.name] = first++;
  return out;
}

json an_answer() {
  auto disk = counters(policy::disk_fields, 10);
  disk["id"] = "root";
  auto net = counters(policy::net_fields, 20);
  net["id"] = "lan";
  return {{"machine", counters(policy::machine_fields, 1)},
          {"disks", json::array({disk})},
          {"nets", json::array({net})},
          {"vcpus", json::array({counters(policy::vcpu_fields, 30)})},
          {"boot", {{{"what", "disk:root"}, {"usec", 50U}}, {{"what", "guest"}, {"usec", 40U}}}}};
}

}  // namespace

TEST_CASE("statistics of a monitor are read by name", "[cli]") {
  const auto statistics = statistics_in(an_answer());
  REQUIRE(statistics);
  CHECK(statistics->disks.at(0).id == "root");
  CHECK(statistics->disks[0].counters.reads == 10);
  CHECK(statistics->nets.at(0).counters.sent_frames == 20);
  CHECK(statistics->vcpus.at(0).port_exits == 30);
  CHECK(statistics->machine.console_output_bytes == 1);
  CHECK(statistics->boot.at(0).what == "disk:root");
  CHECK(statistics->boot.at(1).usec == 40);
  CHECK_FALSE(statistics->memory);
  auto with_memory = an_answer();
  with_memory["memory"] = counters(policy::guest_memory_fields, 40);
  CHECK(statistics_in(with_memory).value().memory.value().free_bytes == 41);
}

TEST_CASE("hostile: statistics that are not as the interface says are refused", "[cli][hostile]") {
  auto answer = an_answer();
  SECTION("no object") { answer = json::array(); }
  SECTION("no machine") { answer.erase("machine"); }
  SECTION("a machine that is none") { answer["machine"] = 7; }
  SECTION("a memory that is none") { answer["memory"] = 7; }
  SECTION("disks that are none") { answer["disks"] = json::object(); }
  SECTION("a disk that is none") { answer["disks"][0] = 7; }
  SECTION("a count that is none") { answer["disks"][0]["reads"] = -1; }
  SECTION("a count of text") { answer["vcpus"][0]["port_exits"] = "1"; }
  SECTION("a missing count") { answer["nets"][0].erase("sent_drops"); }
  SECTION("a disk without a name") { answer["disks"][0].erase("id"); }
  SECTION("a name that is none") { answer["disks"][0]["id"] = "a\"} 1\n"; }
  SECTION("milestones that are none") { answer["boot"] = 7; }
  SECTION("a milestone that is none") { answer["boot"][0] = 7; }
  SECTION("a milestone without a time") { answer["boot"][0].erase("usec"); }
  SECTION("a milestone whose name is none") { answer["boot"][0]["what"] = "disk:\x1b[m"; }
  SECTION("a milestone of a device without a name") { answer["boot"][0]["what"] = "disk:"; }
  SECTION("too many milestones") { answer["boot"] = json::array_t(64, answer["boot"][0]); }
  SECTION("too many disks") { answer["disks"] = json::array_t(policy::max_disks + 1, answer["disks"][0]); }
  CHECK_FALSE(statistics_in(answer));
}
