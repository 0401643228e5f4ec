#include "policy/cgroup_limits.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/policy/test_records.hpp"

using namespace immure::policy;
using test::good_guest;

namespace {

/// Empty where there is no such limit.
std::string value(const std::vector<CgroupLimit>& limits, std::string_view file) {
  const auto found = std::ranges::find(limits, file, &CgroupLimit::file);
  return found == limits.end() ? "" : found->value;
}

}  // namespace

TEST_CASE("limits leave room for the VMM beside guest memory and none for swap", "[policy]") {
  const auto limits = vmm_limits(good_guest(), default_host_policy());
  CHECK(value(limits, "memory.max") == std::to_string(128ULL << 20));
  CHECK(value(limits, "memory.swap.max") == "0");
  CHECK(value(limits, "pids.max") == "10");
  CHECK(limits.size() == 3);
}

TEST_CASE("a network that the kernel serves has a thread of the VMM's more", "[policy]") {
  auto guest = test::networked_guest();
  const auto without = value(vmm_limits(guest, default_host_policy()), "pids.max");
  guest.nets[0].vhost = Switch::on;
  CHECK(value(vmm_limits(guest, default_host_policy()), "pids.max") ==
        std::to_string(std::stoi(without) + 1));
}

TEST_CASE("every resource that is asked for is a limit in the kernel's spelling", "[policy]") {
  auto guest = good_guest();
  guest.resources.cpu_quota_percent = 50;
  guest.resources.cpu_weight = 200;
  guest.resources.io_weight = 30;
  guest.resources.memory_low = 32ULL << 20;
  guest.resources.swap = 8192;
  guest.resources.cpus = parse_list("0,1,2,9").value();
  guest.resources.memory_nodes = parse_list("1").value();
  const auto limits = vmm_limits(guest, default_host_policy());
  CHECK(value(limits, "cpu.weight") == "200");
  CHECK(value(limits, "cpu.max") == "50000 100000");
  CHECK(value(limits, "io.weight") == "default 30");
  CHECK(value(limits, "memory.low") == "33554432");
  CHECK(value(limits, "memory.swap.max") == "8192");
  CHECK(value(limits, "cpuset.cpus") == "0-2,9");
  CHECK(value(limits, "cpuset.mems") == "1");
}

TEST_CASE("CPUs are read back as those that the guest really has", "[policy]") {
  auto guest = good_guest();
  guest.resources.cpus = parse_list("0-3").value();
  const auto limits = vmm_limits(guest, default_host_policy());
  CHECK(std::ranges::find(limits, CgroupLimit{"cpuset.cpus", "0-3", "cpuset.cpus.effective"}) !=
        limits.end());
}

TEST_CASE("a guest that asks for no CPUs has those of the host policy, and so has its monitor", "[policy]") {
  auto host = default_host_policy();
  host.cpus = parse_list("4-7").value();
  auto guest = good_guest();
  CHECK(value(vmm_limits(guest, host), "cpuset.cpus") == "4-7");
  CHECK(value(monitor_limits(host), "cpuset.cpus") == "4-7");
  guest.resources.cpus = parse_list("5").value();
  CHECK(value(vmm_limits(guest, host), "cpuset.cpus") == "5");
}

TEST_CASE("a guest gets none of the host's reserved huge pages but those that its memory is made of",
          "[policy]") {
  const std::vector<std::string> files{"hugetlb.2MB.max", "hugetlb.2MB.rsvd.max", "hugetlb.1GB.rsvd.max",
                                       "memory.max"};
  auto guest = good_guest();
  const auto none = huge_page_limits(guest, files);
  CHECK(none.size() == 2);
  CHECK(value(none, "hugetlb.2MB.rsvd.max") == "0");
  CHECK(value(none, "hugetlb.1GB.rsvd.max") == "0");
  guest.pages = MemoryPages::huge_2m;
  CHECK(value(huge_page_limits(guest, files), "hugetlb.2MB.rsvd.max") == std::to_string(guest.memory_bytes));
  CHECK(value(huge_page_limits(guest, files), "hugetlb.1GB.rsvd.max") == "0");
}

TEST_CASE("passt runs where the guest does, in memory that is its own, and starts nothing", "[policy]") {
  auto guest = good_guest();
  auto host = default_host_policy();
  const auto limit = [&](std::string_view file) { return value(passt_limits(guest, host), file); };
  CHECK(limit("memory.swap.max") == "0");
  CHECK(limit("memory.max") == std::to_string(192ULL << 20));
  CHECK(limit("pids.max") == "2");
  CHECK(limit("cpuset.cpus").empty());
  host.cpus = parse_list("2-7").value();
  CHECK(limit("cpuset.cpus") == "2-7");
  guest.resources.cpus = parse_list("3").value();
  CHECK(limit("cpuset.cpus") == "3");
}
