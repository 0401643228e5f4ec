#include "policy/statistics_message.hpp"

#include <set>
#include <string>

#include <catch2/catch_test_macros.hpp>

using namespace immure;
using namespace immure::policy;

namespace {

StatisticsMessage of_two_disks() {
  StatisticsMessage message{.header = header_of<StatisticsMessage>()};
  message.disk_count = 2;
  message.disks[1].reads = 7;
  message.vcpu_count = 1;
  message.vcpus[0].port_exits = 1ULL << 62;
  return message;
}

template <typename Counters, std::size_t N>
bool has_each_member_once(const std::array<CounterField<Counters>, N>& fields) {
  std::set<std::string> names;
  Counters counters;
  for (const auto& field : fields) {
    names.insert(field.name);
    ++(counters.*field.value);
  }
  for (const auto& field : fields)
    if (counters.*field.value != 1) return false;
  return names.size() == N && N * sizeof(std::uint64_t) == sizeof(Counters);
}

}  // namespace

TEST_CASE("statistics of a machine that could be are good", "[policy]") { CHECK(check(of_two_disks())); }

TEST_CASE("hostile: statistics that no VMM of ours sends are refused", "[policy][hostile]") {
  auto message = of_two_disks();
  SECTION("of another version") { message.header.version = 99; }
  SECTION("a reserved field") { message.reserved = 1; }
  SECTION("more disks than there may be") { message.disk_count = max_disks + 1; }
  SECTION("more networks") { message.net_count = ~0U; }
  SECTION("more vCPUs") { message.vcpu_count = max_vcpus + 1; }
  SECTION("a count of a disk that is not there") { message.disks[2].errors = 1; }
  SECTION("a count that is no signed number") { message.disks[0].reads = ~0ULL; }
  SECTION("such a one of its memory") { message.memory.free_bytes = 1ULL << 63; }
  SECTION("such a time") { message.boot.nets[1] = 1ULL << 63; }
  SECTION("such a one of the machine") { message.machine.uptime_usec = 1ULL << 63; }
  CHECK_FALSE(check(message));
}

TEST_CASE("every counter has a name of its own", "[policy]") {
  CHECK(has_each_member_once(disk_fields));
  CHECK(has_each_member_once(net_fields));
  CHECK(has_each_member_once(vcpu_fields));
  CHECK(has_each_member_once(machine_fields));
  CHECK(has_each_member_once(guest_memory_fields));
}
