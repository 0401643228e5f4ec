#include "policy/numa.hpp"

#include <algorithm>

#include "policy/guest_record.hpp"

namespace immure::policy {

Result<void> check(const NumaRecord& numa, std::uint64_t memory_bytes, std::uint64_t page_bytes,
                   const CpuTopology& topology) {
  const auto& host = numa.host_nodes;
  const auto bound = static_cast<std::size_t>(std::ranges::find(host, 0) - host.begin());
  if (bound != 0 && bound != numa.nodes)
    return invalid("numa.host_nodes must name a node for each of numa.nodes, or none");
  if (std::any_of(host.begin() + static_cast<std::ptrdiff_t>(bound), host.end(),
                  [](auto node) { return node != 0; }) ||
      numa.reserved != 0)
    return invalid("numa: an unused field is not 0");
  if (std::ranges::any_of(host, [](auto node) { return node > max_host_cpus; }))
    return invalid("numa.host_nodes names a node that no host has");
  if (numa.nodes == 0) return {};
  if (numa.nodes < 2 || numa.nodes > max_numa_nodes)
    return invalid("numa.nodes must be 2 to " + std::to_string(max_numa_nodes));
  if (memory_bytes % (numa.nodes * page_bytes) != 0) {
    return invalid("memory.size must be a multiple of numa.nodes times " + std::to_string(page_bytes >> 20) +
                   " MiB");
  }
  if (topology.sockets == 0 || topology.sockets % numa.nodes != 0)
    return invalid("cpu.sockets must be a multiple of numa.nodes: no socket is in two nodes");
  return {};
}

}  // namespace immure::policy
