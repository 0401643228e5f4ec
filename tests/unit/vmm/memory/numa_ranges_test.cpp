#include "vmm/memory/numa_ranges.hpp"

#include <array>
#include <utility>

#include <catch2/catch_test_macros.hpp>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm/memory/guest_memory.hpp"

using namespace immure;
using namespace immure::vmm;

namespace {

constexpr std::uint64_t gib = 1ULL << 30;

/// The policy of the page at an address, and the nodes it is bound to.
std::pair<int, std::uint64_t> policy_at(const std::byte* address) {
  int mode = -1;
  std::array<std::uint64_t, 16> nodes{};
  REQUIRE(::syscall(SYS_get_mempolicy, &mode, nodes.data(), 1025, address, MPOL_F_ADDR) == 0);
  return {mode, nodes[0]};
}

}  // namespace

TEST_CASE("nodes: RAM is shared evenly, in the order of addresses", "[memory]") {
  const auto ranges = numa_ranges(2 * gib, 4);
  REQUIRE(ranges.size() == 4);
  for (std::uint32_t node = 0; node < 4; ++node) {
    CHECK(ranges[node].node == node);
    CHECK(raw(ranges[node].start) == node * gib / 2);
    CHECK(ranges[node].size == gib / 2);
  }
  CHECK(numa_ranges(2 * gib, 0).empty());
}

TEST_CASE("nodes: one that lies around the hole below 4 GiB has two ranges", "[memory]") {
  const auto ranges = numa_ranges(8 * gib, 2);
  REQUIRE(ranges.size() == 3);
  CHECK((ranges[0].node == 0 && raw(ranges[0].start) == 0 && ranges[0].size == 3 * gib));
  CHECK((ranges[1].node == 0 && raw(ranges[1].start) == 4 * gib && ranges[1].size == gib));
  CHECK((ranges[2].node == 1 && raw(ranges[2].start) == 5 * gib && ranges[2].size == 4 * gib));
  // One that ends at the hole has one range.
  const auto even = numa_ranges(6 * gib, 2);
  REQUIRE(even.size() == 2);
  CHECK((even[0].size == 3 * gib && raw(even[1].start) == 4 * gib));
}

TEST_CASE("nodes: memory is bound to the host's nodes that were named", "[memory]") {
  constexpr std::pair<int, std::uint64_t> bound{MPOL_BIND, 1};
  const policy::NumaRecord numa{.nodes = 2, .reserved = 0, .host_nodes = {1, 1}};
  const auto memory = GuestMemory::create(4 * gib, {.numa = numa});
  if (!memory && memory.error().message.contains("Function not implemented")) SKIP("a kernel without NUMA");
  REQUIRE(memory);
  for (const auto& region : memory->regions()) {
    CHECK(policy_at(region.host) == bound);
    CHECK(policy_at(region.host + region.size - 1) == bound);
  }
  const auto free = GuestMemory::create(32 << 20, {.numa = {.nodes = 2}}).value();
  CHECK(policy_at(free.regions()[0].host).first == MPOL_DEFAULT);
}

TEST_CASE("nodes: a node that the host does not have is told", "[memory]") {
  const policy::NumaRecord numa{.nodes = 2, .reserved = 0, .host_nodes = {1, 1024}};
  const auto memory = GuestMemory::create(32 << 20, {.numa = numa});
  REQUIRE_FALSE(memory);
  CHECK(memory.error().message.contains("numa.host_nodes: bind memory to the host's node 1023"));
}
