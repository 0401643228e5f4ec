#include "policy/numa.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "tests/unit/policy/test_records.hpp"

using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;

namespace {

/// What check() says of a guest with two nodes after `change`; "accepted" where it has nothing to say.
std::string verdict(const std::function<void(GuestRecord&)>& change) {
  auto guest = test::networked_guest();
  guest.vcpus = 4;
  guest.topology = {.sockets = 2, .cores = 2, .threads = 1};
  guest.memory_bytes = 64 << 20;
  guest.numa.nodes = 2;
  change(guest);
  const auto checked = check(guest);
  return checked ? "accepted" : checked.error().message;
}

}  // namespace

TEST_CASE("nodes are accepted whose memory and sockets come out even", "[policy]") {
  CHECK(verdict([](GuestRecord&) {}) == "accepted");
  CHECK(verdict([](GuestRecord& g) { g.numa.host_nodes = {1, 1}; }) == "accepted");
  CHECK(verdict([](GuestRecord& g) { g.numa.nodes = 0; }) == "accepted");
  CHECK(verdict([](GuestRecord& g) { g.topology = {.sockets = 4, .cores = 1, .threads = 1}; }) == "accepted");
}

TEST_CASE("nodes that are too many, or do not come out even, are refused", "[policy]") {
  for (const std::uint32_t nodes : {1U, 9U, 0xffff'ffffU})
    CHECK_THAT(verdict([=](GuestRecord& g) { g.numa.nodes = nodes; }),
               ContainsSubstring("numa.nodes must be 2 to 8"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.memory_bytes = 62 << 20; }),
             ContainsSubstring("memory.size must be a multiple of numa.nodes times 2 MiB"));
  CHECK_THAT(verdict([](GuestRecord& g) {
               g.memory_bytes = 3ULL << 30;
               g.pages = MemoryPages::huge_1g;
             }),
             ContainsSubstring("numa.nodes times 1024 MiB"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.topology = {.sockets = 1, .cores = 4, .threads = 1}; }),
             ContainsSubstring("cpu.sockets must be a multiple of numa.nodes"));
  CHECK_THAT(verdict([](GuestRecord& g) { g.topology = {}; }), ContainsSubstring("cpu.sockets"));
}

TEST_CASE("nodes of the host are named for all nodes, or for none, and no others", "[policy]") {
  using Nodes = std::array<std::uint16_t, max_numa_nodes>;
  const auto with = [](const Nodes& host, std::uint32_t nodes = 2) {
    return verdict([&](GuestRecord& g) {
      g.numa.nodes = nodes;
      g.numa.host_nodes = host;
    });
  };
  CHECK_THAT(with({1}), ContainsSubstring("numa.host_nodes must name a node for each"));
  CHECK_THAT(with({1, 2, 3}), ContainsSubstring("numa.host_nodes must name a node for each"));
  CHECK_THAT(with({1}, 0), ContainsSubstring("numa.host_nodes must name a node for each"));
  CHECK_THAT(with({0, 1}), ContainsSubstring("unused field"));
  CHECK_THAT(with({1, 2, 0, 1}), ContainsSubstring("unused field"));
  CHECK_THAT(with({1, 1025}), ContainsSubstring("no host has"));
  CHECK(with({1, 1024}) == "accepted");
  CHECK_THAT(verdict([](GuestRecord& g) { g.numa.reserved = 1; }), ContainsSubstring("unused field"));
  CHECK_THAT(verdict([](GuestRecord& g) {
               g.numa.host_nodes = {1, 2};
               g.resources.memory_nodes.add(0);
             }),
             ContainsSubstring("numa.host_nodes: node 1 is not one of resources.memory_nodes"));
}
