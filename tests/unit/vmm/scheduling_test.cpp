#include "vmm/scheduling.hpp"

#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <sched.h>

using namespace immure;
using namespace immure::vmm;

namespace {

int some_cpu_of_ours() {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(::sched_getaffinity(0, sizeof(set), &set) == 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) return cpu;
  }
  return -1;
}

}  // namespace

TEST_CASE("a pinned vCPU's thread goes to its CPU and stays there", "[vmm]") {
  const int cpu = some_cpu_of_ours();
  policy::VmmRecord record;
  record.pinned_cpus[1] = static_cast<std::uint16_t>(cpu + 1);
  bool placed = false;
  cpu_set_t set;
  CPU_ZERO(&set);
  std::thread([&] {
    placed = take_place(record, 1).has_value();
    ::sched_getaffinity(0, sizeof(set), &set);
  }).join();
  CHECK(placed);
  CHECK(CPU_COUNT(&set) == 1);
  CHECK(CPU_ISSET(cpu, &set));
}

TEST_CASE("a place that the host does not have is an error", "[vmm]") {
  policy::VmmRecord record;
  record.pinned_cpus[0] = policy::max_host_cpus;
  bool placed = true;
  std::thread([&] { placed = take_place(record, 0).has_value(); }).join();
  CHECK_FALSE(placed);
}

TEST_CASE("a vCPU that is given no place stays where the guest may run", "[vmm]") {
  CHECK(take_place(policy::VmmRecord{}, 0));
  CHECK(::sched_getscheduler(0) == SCHED_OTHER);
}
