#include "vmm/kvm/cpuid.hpp"

#include <algorithm>
#include <optional>

#include <catch2/catch_test_macros.hpp>

using namespace immure::vmm::kvm;

namespace {

kvm_cpuid_entry2 leaf(std::uint32_t function, std::uint32_t eax = 0) {
  kvm_cpuid_entry2 entry{};
  entry.function = function;
  entry.eax = eax;
  entry.ebx = entry.ecx = entry.edx = 0xffff'ffff;
  return entry;
}

std::vector<kvm_cpuid_entry2> host() {
  return {leaf(0, 0x1f),     leaf(1),           leaf(0xa),         leaf(0xb),         leaf(0x1f),
          leaf(0x4000'0000), leaf(0x8000'0001), leaf(0x8000'0008), leaf(0x8000'000a), leaf(0x8000'001e)};
}

std::optional<kvm_cpuid_entry2> find(const std::vector<kvm_cpuid_entry2>& table, std::uint32_t function,
                                     std::uint32_t index = 0) {
  const auto found = std::ranges::find_if(
      table, [&](const auto& entry) { return entry.function == function && entry.index == index; });
  return found == table.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

TEST_CASE("CPUID: each vCPU reads its own APIC id in every place that has one", "[kvm]") {
  const auto table = guest_cpuid(host(), {.index = 5, .count = 8});
  CHECK(find(table, 1)->ebx >> 24 == 5);
  CHECK(find(table, 0xb)->edx == 5);
  CHECK(find(table, 0xb, 1)->edx == 5);
  CHECK(find(table, 0x8000'001e)->eax == 5);
}

TEST_CASE("CPUID: one package with one thread for each core", "[kvm]") {
  const auto table = guest_cpuid(host(), {.index = 0, .count = 6});
  CHECK(find(table, 0xb, 0)->ebx == 1);
  CHECK(find(table, 0xb, 1)->ebx == 6);
  CHECK(find(table, 0xb, 1)->eax == 3);
  CHECK((find(table, 0x8000'0008)->ecx & 0xff) == 5);
  CHECK((find(table, 0x8000'0008)->ecx >> 12 & 0xf) == 3);
}

TEST_CASE("CPUID: nested virtualisation and performance counters are not offered", "[kvm]") {
  const auto table = guest_cpuid(host(), {.index = 0, .count = 1});
  CHECK((find(table, 1)->ecx & 1U << 5) == 0);
  CHECK((find(table, 0x8000'0001)->ecx & 1U << 2) == 0);
  CHECK_FALSE(find(table, 0xa));
  CHECK_FALSE(find(table, 0x8000'000a));
}

TEST_CASE("CPUID: the guest knows that it is one, and has the TSC deadline timer", "[kvm]") {
  auto supported = host();
  supported[1].ecx = 0;
  const auto table = guest_cpuid(supported, {.index = 0, .count = 1});
  CHECK((find(table, 1)->ecx & 1U << 31) != 0);
  CHECK((find(table, 1)->ecx & 1U << 24) != 0);
  CHECK(find(table, 0x4000'0000));
}

TEST_CASE("CPUID: a host without topology leaves gets none", "[kvm]") {
  const auto table = guest_cpuid({leaf(0, 0x7), leaf(1)}, {.index = 0, .count = 2});
  CHECK_FALSE(find(table, 0xb));
}
