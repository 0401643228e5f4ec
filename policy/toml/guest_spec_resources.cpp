#include <algorithm>

#include "policy/toml/guest_spec_reader.hpp"
#include "policy/toml/values.hpp"

// What a guest may have of the host: [resources], and of [cpu] where its vCPUs run.

namespace immure::policy::toml_text {
namespace {

std::uint32_t natural(TableReader& table, std::string_view name, std::uint64_t least, std::uint64_t most) {
  const Key key{name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most)};
  return static_cast<std::uint32_t>(table.whole_number(key, {.least = least, .most = most}).value_or(0));
}

HostSet read_set(TableReader& table, std::string_view name, const std::string& of_what) {
  const Key key{name, of_what + " of the host, as \"0-3,8\""};
  const auto text = table.text(key);
  if (!text) return {};
  const auto set = parse_list(*text);
  if (!set)
    table.reject(key, quoted(*text) + " is not a list of numbers below " + std::to_string(max_host_cpus));
  return set.value_or(HostSet{});
}

}  // namespace

void GuestSpecReader::read_scheduling(TableReader& cpu) {
  const Key pinning{"pinning", "an array with the number of a CPU of the host for each vCPU, each once"};
  const auto cpus = cpu.whole_numbers(pinning, {.least = 0, .most = max_host_cpus - 1});
  auto& pinned = record_.resources.pinned_cpus;
  if (!cpus.empty() && cpus.size() != record_.vcpus) {
    cpu.reject(pinning,
               std::to_string(cpus.size()) + " numbers for " + std::to_string(record_.vcpus) + " vCPUs");
  } else {
    std::ranges::transform(cpus, pinned.begin(),
                           [](auto number) { return static_cast<std::uint16_t>(number + 1); });
  }
  record_.resources.realtime_priority = natural(cpu, "realtime_priority", 1, 99);
}

void GuestSpecReader::read_resources(TableReader resources) {
  auto& record = record_.resources;
  record.cpu_weight = natural(resources, "cpu_weight", 1, 10000);
  // The range depends on cpu.count, so that is read first.
  const auto most_quota = std::uint64_t{100} * record_.vcpus;
  const Key quota{"cpu_quota", "per cent of one CPU: a whole number from 1 to " + std::to_string(most_quota) +
                                   " (100 for each vCPU)"};
  record.cpu_quota_percent =
      static_cast<std::uint32_t>(resources.whole_number(quota, {.least = 1, .most = most_quota}).value_or(0));
  record.cpus = read_set(resources, "cpus", "CPUs");
  record.memory_nodes = read_set(resources, "memory_nodes", "memory nodes");
  const Key overhead{"memory_overhead", "\"4 MiB\" to \"1 TiB\""};
  record.memory_overhead =
      resources.size(overhead, {.least = min_memory_overhead, .most = max_memory_bytes}).value_or(0);
  const Key low{"memory_low", "at most memory.size, in steps of 4 KiB"};
  record.memory_low =
      resources.size(low, {.least = limit_step, .most = record_.memory_bytes, .step = limit_step})
          .value_or(0);
  const Key swap{"swap", "\"4 KiB\" to \"1 TiB\" in steps of 4 KiB"};
  record.swap =
      resources.size(swap, {.least = limit_step, .most = max_memory_bytes, .step = limit_step}).value_or(0);
  record.io_weight = natural(resources, "io_weight", 1, 10000);
  record.pids_max = natural(resources, "pids_max", least_pids(record_), max_pids);
  check_pinning(resources);
  resources.finish();
}

/// Here, as both tables must have been read; said at resources.cpus, which is the smaller of the two.
void GuestSpecReader::check_pinning(TableReader& resources) {
  const Key cpus{"cpus", "the CPUs of cpu.pinning, and others"};
  for (const auto pinned : record_.resources.pinned_cpus) {
    if (pinned == 0 || record_.resources.cpus.empty() || record_.resources.cpus.contains(pinned - 1U))
      continue;
    return resources.reject(cpus, "CPU " + std::to_string(pinned - 1U) + " of cpu.pinning is not in it");
  }
}

}  // namespace immure::policy::toml_text
