#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace immure::policy {

constexpr std::uint32_t max_numa_nodes = 8;

/// How memory and vCPUs are told to be arranged: in nodes of one size, in the order of their numbers. 0
/// nodes: the guest is told of none.
struct NumaRecord {
  std::uint32_t nodes = 0;  ///< or 2..max_numa_nodes
  std::uint32_t reserved = 0;
  /// The host's node that each node's memory is bound to, and 1; all 0: none is bound.
  std::array<std::uint16_t, max_numa_nodes> host_nodes{};

  friend bool operator==(const NumaRecord&, const NumaRecord&) = default;
};

struct CpuTopology;

/// Number of nodes, whether memory comes out even in pages of `page_bytes`, whether no socket is in two nodes
/// (Linux takes a cache that is for a mistake of the firmware), and whether all nodes are bound or none.
/// Errors name the key.
Result<void> check(const NumaRecord& numa, std::uint64_t memory_bytes, std::uint64_t page_bytes,
                   const CpuTopology& topology);

}  // namespace immure::policy
