#include "vmm/kvm/cpu_model.hpp"

#include <algorithm>
#include <optional>

#include <catch2/catch_test_macros.hpp>

using namespace immure::vmm::kvm;
using immure::policy::CpuModel;

namespace {

using Table = std::vector<kvm_cpuid_entry2>;

constexpr std::uint32_t all = 0xffff'ffff;

kvm_cpuid_entry2 leaf(std::uint32_t function, std::uint32_t index = 0) {
  return {.function = function,
          .index = index,
          .flags = 0,
          .eax = all,
          .ebx = all,
          .ecx = all,
          .edx = all,
          .padding = {}};
}

/// A state of XSAVE: its bytes, and where they lie.
kvm_cpuid_entry2 state(std::uint32_t index, std::uint32_t size, std::uint32_t offset) {
  auto entry = leaf(0xd, index);
  entry.eax = size;
  entry.ebx = offset;
  return entry;
}

/// One that has every feature that there is.
Table rich_host() {
  Table table;
  for (const std::uint32_t function : {0U, 1U, 2U, 4U, 5U, 6U, 0xaU, 0xbU, 0x12U, 0x14U, 0x19U, 0x1eU})
    table.push_back(leaf(function));
  for (const std::uint32_t index : {0U, 1U, 2U}) table.push_back(leaf(7, index));
  table.push_back(leaf(0xd));
  table.push_back(leaf(0xd, 1));
  table.push_back(state(2, 256, 576));
  for (const std::uint32_t index : {5U, 6U, 7U}) table.push_back(state(index, 512, 1088 + 512 * (index - 5)));
  table.push_back(state(9, 8, 2688));
  table.push_back(state(18, 8192, 2816));
  for (std::uint32_t function = 0x4000'0000; function <= 0x4000'0001; ++function)
    table.push_back(leaf(function));
  for (std::uint32_t function = 0x8000'0000; function <= 0x8000'0022; ++function)
    table.push_back(leaf(function));
  return table;
}

std::optional<kvm_cpuid_entry2> find(const Table& table, std::uint32_t function, std::uint32_t index = 0) {
  const auto found = std::ranges::find_if(
      table, [&](const auto& entry) { return entry.function == function && entry.index == index; });
  return found == table.end() ? std::nullopt : std::optional(*found);
}

Table reduced(CpuModel model, Table host = rich_host()) {
  return reduce_to_model(std::move(host), model).value();
}

bool has(std::uint32_t value, unsigned bit) { return (value >> bit & 1) != 0; }

}  // namespace

TEST_CASE("CPU model: a guest of the host's own model has all that the host has", "[kvm]") {
  CHECK(reduced(CpuModel::host).size() == rich_host().size());
  CHECK(find(reduced(CpuModel::host), 7)->ebx == all);
}

TEST_CASE("CPU model: each level adds its features to those of the one before", "[kvm]") {
  const auto v2 = reduced(CpuModel::x86_64_v2);
  CHECK(has(find(v2, 1)->ecx, 20));        // SSE4.2
  CHECK_FALSE(has(find(v2, 1)->ecx, 28));  // AVX
  CHECK_FALSE(find(v2, 0xd));
  const auto v3 = reduced(CpuModel::x86_64_v3);
  CHECK(has(find(v3, 1)->ecx, 20));
  CHECK(has(find(v3, 1)->ecx, 28));
  CHECK(has(find(v3, 7)->ebx, 5));         // AVX2
  CHECK_FALSE(has(find(v3, 7)->ebx, 16));  // AVX-512
  const auto v4 = reduced(CpuModel::x86_64_v4);
  CHECK(has(find(v4, 7)->ebx, 5));
  CHECK(has(find(v4, 7)->ebx, 16));
}

TEST_CASE("CPU model: hosts that have more and hosts that have just enough look the same", "[kvm]") {
  for (const auto model : {CpuModel::x86_64_v2, CpuModel::x86_64_v3, CpuModel::x86_64_v4}) {
    const auto once = reduced(model);
    const auto again = reduced(model, once);
    REQUIRE(once.size() == again.size());
    for (std::size_t i = 0; i < once.size(); ++i) {
      CHECK(once[i].eax == again[i].eax);
      CHECK(once[i].ebx == again[i].ebx);
      CHECK(once[i].ecx == again[i].ecx);
      CHECK(once[i].edx == again[i].edx);
    }
  }
}

TEST_CASE("CPU model: what no model has is gone, leaf by leaf", "[kvm]") {
  const auto table = reduced(CpuModel::x86_64_v4);
  for (const std::uint32_t function :
       {5U, 0x12U, 0x14U, 0x19U, 0x1eU, 0x8000'001fU, 0x8000'0020U, 0x8000'0022U})
    CHECK_FALSE(find(table, function));
  CHECK_FALSE(find(table, 7, 1));
  CHECK(find(table, 0)->eax == 0xd);
  CHECK(find(table, 7)->ecx == 1U << 2);
  CHECK(find(table, 0x4000'0001)->eax == 0x0100'7aeb);
}

TEST_CASE("CPU model: what protects the guest stays as the host has it", "[kvm]") {
  for (const auto model : {CpuModel::x86_64_v2, CpuModel::x86_64_v4}) {
    const auto table = reduced(model);
    CHECK(has(find(table, 7)->ebx, 7));             // SMEP
    CHECK(has(find(table, 7)->ebx, 20));            // SMAP
    CHECK(has(find(table, 7)->edx, 26));            // IBRS
    CHECK(find(table, 7, 2)->edx == 0x3f);          // BHI_CTRL and others
    CHECK(has(find(table, 0x8000'0008)->ebx, 12));  // IBPB
    CHECK(has(find(table, 0x8000'0021)->eax, 8));   // automatic IBRS
  }
  auto open = rich_host();
  for (auto& entry : open) {
    if (entry.function == 7 && entry.index == 0) entry.edx = 0;
  }
  CHECK(find(reduced(CpuModel::x86_64_v3, open), 7)->edx == 0);
}

TEST_CASE("CPU model: XSAVE has the states of the level, and their size", "[kvm]") {
  const auto v3 = reduced(CpuModel::x86_64_v3);
  CHECK(find(v3, 0xd)->eax == 0x7);
  CHECK(find(v3, 0xd)->ecx == 832);
  CHECK(find(v3, 0xd, 1)->eax == 1);  // XSAVEOPT
  CHECK_FALSE(find(v3, 0xd, 5));
  const auto v4 = reduced(CpuModel::x86_64_v4);
  CHECK(find(v4, 0xd)->eax == 0xe7);
  CHECK(find(v4, 0xd)->ecx == 1088 + 3 * 512);
  CHECK_FALSE(find(v4, 0xd, 9));
  CHECK_FALSE(find(v4, 0xd, 18));
}

TEST_CASE("CPU model: a host that lacks something is told what", "[kvm]") {
  auto host = rich_host();
  for (auto& entry : host) {
    if (entry.function == 7 && entry.index == 0) entry.ebx &= ~(1U << 5 | 1U << 8);
  }
  CHECK(reduce_to_model(host, CpuModel::x86_64_v2));
  const auto refused = reduce_to_model(host, CpuModel::x86_64_v3);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "cpu.model: this host is no x86-64-v3: it lacks avx2, bmi2");
  CHECK_FALSE(reduce_to_model({}, CpuModel::x86_64_v2));
}
