#include "vmm/kvm/cpuid.hpp"

#include <algorithm>
#include <optional>

#include <catch2/catch_test_macros.hpp>

using namespace immure::vmm::kvm;
using immure::policy::CpuTopology;
using immure::policy::Switch;

namespace {

kvm_cpuid_entry2 leaf(std::uint32_t function, std::uint32_t eax = 0) {
  kvm_cpuid_entry2 entry{};
  entry.function = function;
  entry.eax = eax;
  entry.ebx = entry.ecx = entry.edx = 0xffff'ffff;
  return entry;
}

std::vector<kvm_cpuid_entry2> host() {
  return {leaf(0, 0x1f),
          leaf(1),
          leaf(0xa),
          leaf(0xb),
          leaf(0x1f),
          leaf(0x4000'0000),
          leaf(0x8000'0001),
          leaf(0x8000'0008),
          leaf(0x8000'000a),
          leaf(0x8000'001e),
          leaf(7)};
}

CpuShape cores(std::uint32_t count) { return {.topology = {.sockets = 1, .cores = count, .threads = 1}}; }

std::optional<kvm_cpuid_entry2> find(const std::vector<kvm_cpuid_entry2>& table, std::uint32_t function,
                                     std::uint32_t index = 0) {
  const auto found = std::ranges::find_if(
      table, [&](const auto& entry) { return entry.function == function && entry.index == index; });
  return found == table.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

TEST_CASE("CPUID: each vCPU reads its own APIC id in every place that has one", "[kvm]") {
  const auto table = guest_cpuid(host(), cores(8), 5);
  CHECK(find(table, 1)->ebx >> 24 == 5);
  CHECK(find(table, 0xb)->edx == 5);
  CHECK(find(table, 0xb, 1)->edx == 5);
  CHECK(find(table, 0x8000'001e)->eax == 5);
}

TEST_CASE("CPUID: one package with one thread for each core", "[kvm]") {
  const auto table = guest_cpuid(host(), cores(6), 0);
  CHECK(find(table, 0xb, 0)->ebx == 1);
  CHECK(find(table, 0xb, 1)->ebx == 6);
  CHECK(find(table, 0xb, 1)->eax == 3);
  CHECK((find(table, 0x8000'0008)->ecx & 0xff) == 5);
  CHECK((find(table, 0x8000'0008)->ecx >> 12 & 0xf) == 3);
}

TEST_CASE("CPUID: nested virtualisation and performance counters are not offered", "[kvm]") {
  const auto table = guest_cpuid(host(), cores(1), 0);
  CHECK((find(table, 1)->ecx & 1U << 5) == 0);
  CHECK((find(table, 0x8000'0001)->ecx & 1U << 2) == 0);
  CHECK_FALSE(find(table, 0xa));
  CHECK_FALSE(find(table, 0x8000'000a));
}

TEST_CASE("CPUID: the guest knows that it is one, and has the TSC deadline timer", "[kvm]") {
  auto supported = host();
  supported[1].ecx = 0;
  const auto table = guest_cpuid(supported, cores(1), 0);
  CHECK((find(table, 1)->ecx & 1U << 31) != 0);
  CHECK((find(table, 1)->ecx & 1U << 24) != 0);
  CHECK(find(table, 0x4000'0000));
}

TEST_CASE("CPUID: a host without topology leaves gets none", "[kvm]") {
  const auto table = guest_cpuid({leaf(0, 0x7), leaf(1)}, cores(2), 0);
  CHECK_FALSE(find(table, 0xb));
}

TEST_CASE("CPUID: sockets, cores and threads are told apart by the bits of the APIC id", "[kvm]") {
  const CpuShape shape{.topology = {.sockets = 2, .cores = 3, .threads = 2}};
  std::vector<std::uint32_t> ids;
  for (std::uint32_t i = 0; i < 12; ++i) ids.push_back(apic_id(shape.topology, i));
  CHECK(ids == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13});

  auto supported = host();
  kvm_cpuid_entry2 cache{};
  for (const std::uint32_t level : {1U, 3U}) {
    cache.function = 4;
    cache.index = level;
    cache.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
    cache.eax = 1 | level << 5;
    supported.push_back(cache);
  }
  const auto table = guest_cpuid(supported, shape, 9);  // second socket, second core, second thread
  CHECK(find(table, 1)->ebx >> 24 == 11);
  CHECK((find(table, 1)->ebx >> 16 & 0xff) == 8);  // ids of a socket
  CHECK(find(table, 0xb, 0)->eax == 1);
  CHECK(find(table, 0xb, 0)->ebx == 2);
  CHECK(find(table, 0xb, 1)->eax == 3);
  CHECK(find(table, 0xb, 1)->ebx == 6);
  CHECK((find(table, 4, 1)->eax >> 14 & 0xfff) == 1);  // the first level is a core's
  CHECK((find(table, 4, 3)->eax >> 14 & 0xfff) == 7);  // the third one a socket's
  CHECK(find(table, 4, 3)->eax >> 26 == 3);
  CHECK((find(table, 0x8000'0008)->ecx & 0xff) == 5);
  CHECK((find(table, 0x8000'0008)->ecx >> 12 & 0xf) == 3);
  CHECK((find(table, 0x8000'001e)->ebx & 0xff) == 5);
  CHECK((find(table, 0x8000'001e)->ebx >> 8 & 0xff) == 1);
}

TEST_CASE("CPUID: no topology has an APIC id of 255 or more, and none has one twice", "[kvm]") {
  for (std::uint32_t sockets = 1; sockets <= 64; ++sockets) {
    for (std::uint32_t cores = 1; sockets * cores <= 64; ++cores) {
      for (std::uint32_t threads = 1; sockets * cores * threads <= 64; ++threads) {
        const CpuTopology topology{.sockets = sockets, .cores = cores, .threads = threads};
        std::uint32_t last = 0;
        for (std::uint32_t i = 1; i < sockets * cores * threads; ++i) {
          const auto id = apic_id(topology, i);
          REQUIRE(id > last);
          last = id;
        }
        REQUIRE(last < 255);
      }
    }
  }
}

TEST_CASE("CPUID: nested virtualisation is there where it was asked for", "[kvm]") {
  auto shape = cores(1);
  shape.nested = Switch::on;
  const auto table = guest_cpuid(host(), shape, 0);
  CHECK((find(table, 1)->ecx & 1U << 5) != 0);
  CHECK((find(table, 0x8000'0001)->ecx & 1U << 2) != 0);
  CHECK(find(table, 0x8000'000a));
}

TEST_CASE("CPUID: a feature that is switched off by name is not told, the others are", "[kvm]") {
  auto shape = cores(1);
  shape.features_off = *immure::policy::cpu_feature_bit("avx2") | *immure::policy::cpu_feature_bit("aes") |
                       *immure::policy::cpu_feature_bit("rdtscp");
  const auto table = guest_cpuid(host(), shape, 0);
  CHECK(find(table, 7)->ebx == ~(1U << 5));
  CHECK((find(table, 1)->ecx & 1U << 25) == 0);
  CHECK((find(table, 1)->ecx & 1U << 28) != 0);
  CHECK((find(table, 0x8000'0001)->edx & 1U << 27) == 0);
}

TEST_CASE("CPUID: kvmclock is offered as the host has it", "[kvm]") {
  auto supported = host();
  supported.push_back(leaf(0x4000'0001, 0xff));
  CHECK(find(guest_cpuid(supported, cores(1), 0), 0x4000'0001)->eax == 0xff);
}
