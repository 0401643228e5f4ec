#include <algorithm>

#include "policy/toml/guest_spec_reader.hpp"
#include "policy/toml/values.hpp"

// [numa]: the nodes that memory and vCPUs are arranged in.

namespace immure::policy::toml_text {
namespace {

const Key nodes_key{"nodes", "a whole number from 2 to " + std::to_string(max_numa_nodes) +
                                 " that cpu.sockets is a multiple of, and memory.size in steps of 2 MiB"};
const Key host_nodes_key{"host_nodes", "an array with the number of a memory node of the host for each node"};

}  // namespace

void GuestSpecReader::read_numa(TableReader& numa) {
  const auto nodes = numa.whole_number(nodes_key, {.least = 2, .most = max_numa_nodes});
  record_.numa.nodes = static_cast<std::uint32_t>(nodes.value_or(0));
  const auto host = numa.whole_numbers(host_nodes_key, {.least = 0, .most = max_host_cpus - 1});
  if (!host.empty() && host.size() != record_.numa.nodes) {
    if (nodes || !numa.has(nodes_key.name)) {
      numa.reject(host_nodes_key, std::to_string(host.size()) + " numbers for " +
                                      std::to_string(record_.numa.nodes) + " nodes");
    }
  } else {
    std::ranges::transform(host, record_.numa.host_nodes.begin(),
                           [](auto number) { return static_cast<std::uint16_t>(number + 1); });
  }
  numa.finish();
}

void GuestSpecReader::check_numa(TableReader& numa) {
  const auto verdict =
      check(record_.numa, record_.memory_bytes, page_bytes_of(record_.pages), record_.topology);
  if (!verdict) numa.reject(nodes_key, verdict.error().message);
}

}  // namespace immure::policy::toml_text
