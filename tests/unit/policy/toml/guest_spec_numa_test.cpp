#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "policy/toml/guest_spec.hpp"

using namespace immure::policy;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string with_tables(const std::string& tables) {
  return "name = \"web\"\n[boot]\nkernel = \"/k\"\n" + tables;
}

GuestRecord guest(const std::string& tables) {
  return parse_guest_spec(with_tables(tables), "guest.toml", "/srv").value();
}

std::string errors(const std::string& tables) {
  const auto record = parse_guest_spec(with_tables(tables), "guest.toml", "/srv");
  return record ? "accepted" : record.error().message;
}

}  // namespace

TEST_CASE("nodes give a guest as many sockets, where it does not say another number", "[policy]") {
  const auto record = guest("[cpu]\ncount = 8\n[numa]\nnodes = 2\nhost_nodes = [0, 3]\n");
  CHECK(record.numa.nodes == 2);
  CHECK(record.numa.host_nodes == decltype(record.numa.host_nodes){1, 4});
  CHECK(record.topology == CpuTopology{.sockets = 2, .cores = 4, .threads = 1});
  const auto threads = guest("[cpu]\ncount = 8\nthreads = 2\n[numa]\nnodes = 2\n");
  CHECK(threads.topology == CpuTopology{.sockets = 2, .cores = 2, .threads = 2});
  const auto sockets = guest("[cpu]\ncount = 8\nsockets = 4\n[numa]\nnodes = 2\n");
  CHECK(sockets.topology == CpuTopology{.sockets = 4, .cores = 2, .threads = 1});
  CHECK(guest("").numa == NumaRecord{});
}

TEST_CASE("what does not come out even in nodes is an error with its place", "[policy]") {
  CHECK_THAT(errors("[cpu]\ncount = 8\nsockets = 1\n[numa]\nnodes = 2\n"),
             ContainsSubstring("guest.toml:8:9: numa.nodes: cpu.sockets must be a multiple of numa.nodes"));
  CHECK_THAT(errors("[cpu]\ncount = 3\n[numa]\nnodes = 2\n"), ContainsSubstring("cpu.count: 3 is not"));
  CHECK_THAT(errors("[cpu]\ncount = 2\n[memory]\nsize = \"34 MiB\"\n[numa]\nnodes = 2\n"),
             ContainsSubstring("numa.nodes: memory.size must be a multiple of numa.nodes times 2 MiB"));
  CHECK_THAT(errors("[numa]\nnodes = 9\n"), ContainsSubstring("numa.nodes: 9 is out of range"));
  CHECK_THAT(errors("[cpu]\ncount = 2\n[numa]\nnodes = 2\nhost_nodes = [0]\n"),
             ContainsSubstring("numa.host_nodes: 1 numbers for 2 nodes"));
  CHECK_THAT(errors("[numa]\nhost_nodes = [0]\n"),
             ContainsSubstring("numa.host_nodes: 1 numbers for 0 nodes"));
}
