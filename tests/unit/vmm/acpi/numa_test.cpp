#include "vmm/acpi/numa.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

#include "vmm/acpi/tables.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;

namespace {

using Bytes = std::vector<std::byte>;

/// The table with a signature, found by it; empty where there is none.
Bytes table_in(const Bytes& blob, std::string_view signature) {
  const auto name = std::as_bytes(std::span(signature));
  const auto at = std::ranges::search(blob, name).begin();
  if (at == blob.end()) return {};
  acpi::TableHeader header;
  std::memcpy(static_cast<void*>(&header), &*at, sizeof(header));
  const std::uint32_t length = header.length;
  return {at, at + length};
}

template <typename T>
T object_at(const Bytes& table, std::size_t offset) {
  T object{};
  REQUIRE(offset + sizeof(T) <= table.size());
  std::memcpy(static_cast<void*>(&object), table.data() + offset, sizeof(T));
  return object;
}

Bytes tables(std::uint64_t memory, std::uint32_t nodes) {
  return acpi::build_tables({.apic_ids = {0, 1, 4, 5}, .memory = numa_ranges(memory, nodes)});
}

}  // namespace

TEST_CASE("ACPI: SRAT puts as many vCPUs in each node, and all of the memory", "[acpi]") {
  const auto srat = table_in(tables(8ULL << 30, 2), "SRAT");
  std::size_t at = sizeof(acpi::Srat);
  for (const auto& [apic_id, node] : std::map<unsigned, unsigned>{{0, 0}, {1, 0}, {4, 1}, {5, 1}}) {
    const auto entry = object_at<acpi::SratLocalApic>(srat, at);
    CHECK((entry.type == 0 && entry.apic_id == apic_id && entry.node == node && (entry.flags & 1) == 1));
    at += entry.length;
  }
  std::map<std::uint32_t, std::uint64_t> sizes;
  for (; at < srat.size(); at += sizeof(acpi::SratMemory)) {
    const auto entry = object_at<acpi::SratMemory>(srat, at);
    CHECK((entry.type == 1 && entry.length == 40 && (entry.flags & 1) == 1));
    const std::uint64_t end = entry.start + entry.size;
    CHECK((end <= layout::low_memory_end || entry.start >= layout::high_memory_start));
    const std::uint32_t node = entry.node;  // not aligned in its table
    sizes[node] += entry.size;
  }
  CHECK(at == srat.size());
  CHECK(sizes == std::map<std::uint32_t, std::uint64_t>{{0, 4ULL << 30}, {1, 4ULL << 30}});
}

TEST_CASE("ACPI: SLIT has a distance from each node to each, the smallest to itself", "[acpi]") {
  const auto slit = table_in(tables(4ULL << 30, 4), "SLIT");
  REQUIRE(slit.size() == sizeof(acpi::Slit) + 16);
  CHECK(object_at<acpi::Slit>(slit, 0).nodes == 4);
  for (std::size_t from = 0; from < 4; ++from)
    for (std::size_t to = 0; to < 4; ++to)
      CHECK(std::to_integer<unsigned>(slit[sizeof(acpi::Slit) + from * 4 + to]) == (from == to ? 10 : 20));
}

TEST_CASE("ACPI: a guest without nodes is told of none", "[acpi]") {
  CHECK(table_in(tables(4ULL << 30, 0), "SRAT").empty());
  CHECK(table_in(tables(4ULL << 30, 0), "SLIT").empty());
}
