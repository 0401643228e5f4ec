#include "vmm/memory/numa_ranges.hpp"

#include <algorithm>

#include "vmm/machine_layout.hpp"

namespace immure::vmm {

std::vector<NumaRange> numa_ranges(std::uint64_t size, std::uint32_t nodes) {
  std::vector<NumaRange> ranges;
  for (std::uint32_t node = 0; node < nodes; ++node) {
    // Counted in RAM, without the hole.
    const auto start = size / nodes * node;
    const auto end = start + size / nodes;
    if (start < layout::low_memory_end) {
      ranges.push_back({.node = node,
                        .start = GuestAddress{start},
                        .size = std::min(end, layout::low_memory_end) - start});
    }
    if (end > layout::low_memory_end) {
      const auto high = std::max(start, layout::low_memory_end);
      ranges.push_back({.node = node,
                        .start = GuestAddress{high - layout::low_memory_end + layout::high_memory_start},
                        .size = end - high});
    }
  }
  return ranges;
}

}  // namespace immure::vmm
