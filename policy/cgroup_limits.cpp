#include "policy/cgroup_limits.hpp"

namespace immure::policy {
namespace {

constexpr std::uint64_t default_overhead = 64ULL << 20;
constexpr std::uint64_t monitor_bytes = 32ULL << 20;
constexpr std::uint64_t passt_bytes = 192ULL << 20;  // Buffers and tables of 75 to 205 MB, touched in part.
// It needs 5 MiB, but libnftables may look at all tables of the host first: those of thousands of guests.
constexpr std::uint64_t net_filter_bytes = 256ULL << 20;
constexpr std::uint64_t quota_period = 100'000;  // Microseconds: the kernel's default.
constexpr std::uint64_t page = 4096;             // What the kernel rounds limits of memory to.

/// Of CPUs and memory nodes the kernel takes any that may once be there; effective are those that are.
void add_set(std::vector<CgroupLimit>& limits, const std::string& file, const HostSet& set) {
  if (!set.empty()) limits.push_back({file, list_text(set), file + ".effective"});
}

std::vector<CgroupLimit> small_limits(std::uint64_t memory, const HostPolicyRecord& host) {
  std::vector<CgroupLimit> limits{
      {"memory.max", std::to_string(memory)}, {"memory.swap.max", "0"}, {"pids.max", "4"}};
  add_set(limits, "cpuset.cpus", host.cpus);
  return limits;
}

}  // namespace

std::vector<CgroupLimit> vmm_limits(const GuestRecord& guest, const HostPolicyRecord& host) {
  const auto& asked = guest.resources;
  const auto overhead = asked.memory_overhead != 0 ? asked.memory_overhead : default_overhead;
  const auto pids = asked.pids_max != 0 ? asked.pids_max : least_pids(guest);
  std::vector<CgroupLimit> limits{
      {"memory.max", std::to_string((guest.memory_bytes + overhead) / page * page)},
      {"memory.swap.max", std::to_string(asked.swap)},
      {"pids.max", std::to_string(pids)}};
  if (asked.memory_low != 0) limits.push_back({"memory.low", std::to_string(asked.memory_low)});
  if (asked.cpu_weight != 0) limits.push_back({"cpu.weight", std::to_string(asked.cpu_weight)});
  if (asked.cpu_quota_percent != 0) {
    const auto quota = asked.cpu_quota_percent * quota_period / 100;
    limits.push_back({"cpu.max", std::to_string(quota) + " " + std::to_string(quota_period)});
  }
  if (asked.io_weight != 0) limits.push_back({"io.weight", "default " + std::to_string(asked.io_weight)});
  add_set(limits, "cpuset.cpus", asked.cpus.empty() ? host.cpus : asked.cpus);
  add_set(limits, "cpuset.mems", asked.memory_nodes);
  return limits;
}

std::vector<CgroupLimit> huge_page_limits(const GuestRecord& guest, const std::vector<std::string>& files) {
  // What is reserved counts when it is asked for, not when it is touched:
  // Documentation/admin-guide/cgroup-v2.rst.
  std::string own;
  if (guest.pages == MemoryPages::huge_2m) own = "hugetlb.2MB.rsvd.max";
  if (guest.pages == MemoryPages::huge_1g) own = "hugetlb.1GB.rsvd.max";
  std::vector<CgroupLimit> limits;
  for (const auto& file : files) {
    if (!file.starts_with("hugetlb.") || !file.ends_with(".rsvd.max")) continue;
    limits.push_back({file, file == own ? std::to_string(guest.memory_bytes) : "0"});
  }
  return limits;
}

std::vector<CgroupLimit> monitor_limits(const HostPolicyRecord& host) {
  return small_limits(monitor_bytes, host);
}

std::vector<CgroupLimit> net_filter_limits(const HostPolicyRecord& host) {
  return small_limits(net_filter_bytes, host);
}

std::vector<CgroupLimit> passt_limits(const GuestRecord& guest, const HostPolicyRecord& host) {
  std::vector<CgroupLimit> limits{
      {"memory.max", std::to_string(passt_bytes)}, {"memory.swap.max", "0"}, {"pids.max", "2"}};
  add_set(limits, "cpuset.cpus", guest.resources.cpus.empty() ? host.cpus : guest.resources.cpus);
  return limits;
}

}  // namespace immure::policy
