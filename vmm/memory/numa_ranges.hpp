#pragma once

#include <cstdint>
#include <vector>

#include "vmm/memory/guest_address.hpp"

namespace immure::vmm {

/// RAM of one node.
struct NumaRange {
  std::uint32_t node = 0;
  GuestAddress start{};
  std::uint64_t size = 0;
};

/// `size` bytes of RAM, which `nodes` divides, in nodes of one size; by address. A node that lies on both
/// sides of the hole below 4 GiB has two ranges. Empty without nodes.
std::vector<NumaRange> numa_ranges(std::uint64_t size, std::uint32_t nodes);

}  // namespace immure::vmm
