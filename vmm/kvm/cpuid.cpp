#include "vmm/kvm/cpuid.hpp"

#include <algorithm>
#include <bit>

namespace immure::vmm::kvm {
namespace {

// Leaf 1.
constexpr std::uint32_t ecx_vmx = 1U << 5;
constexpr std::uint32_t ecx_tsc_deadline = 1U << 24;
constexpr std::uint32_t ecx_hypervisor = 1U << 31;
constexpr std::uint32_t edx_multi_threading = 1U << 28;
// Leaf 0x80000001.
constexpr std::uint32_t ecx_cmp_legacy = 1U << 1;
constexpr std::uint32_t ecx_svm = 1U << 2;

constexpr std::uint32_t bits(std::uint32_t value, unsigned first) { return value << first; }
constexpr std::uint32_t replace(std::uint32_t old, std::uint32_t mask, std::uint32_t value) {
  return (old & ~mask) | (value & mask);
}

/// Bits of the APIC id below the package.
std::uint32_t core_id_bits(CpuPlace place) {
  return static_cast<std::uint32_t>(std::bit_width(place.count - 1));
}

/// Leaves that describe the host's own topology or things that the guest does not have.
bool is_dropped(const kvm_cpuid_entry2& entry) {
  switch (entry.function) {
    case 0xa:         // performance counters
    case 0xb:         // topology: written anew
    case 0x1f:        // the same, newer
    case 0x8000000a:  // nested virtualisation
    case 0x80000022:  // performance counters, AMD
    case 0x80000026:  // topology, AMD, newer
      return true;
    default:
      return false;
  }
}

void set_cache_sharing(kvm_cpuid_entry2& entry, CpuPlace place) {
  const auto type = entry.eax & 0x1f;
  const auto level = (entry.eax >> 5) & 0x7;
  if (type == 0) return;
  const std::uint32_t sharing = level >= 3 ? place.count - 1 : 0;
  entry.eax = replace(entry.eax, 0x03ff'c000, bits(sharing, 14));
  // The cores of the package: a field of the Intel leaf only, reserved on AMD.
  if (entry.function == 4) entry.eax = replace(entry.eax, 0xfc00'0000, bits(place.count - 1, 26));
}

void adapt(kvm_cpuid_entry2& entry, CpuPlace place) {
  switch (entry.function) {
    case 0x1:
      entry.ebx = replace(entry.ebx, 0xffff'0000, bits(place.index, 24) | bits(place.count, 16));
      entry.ecx = (entry.ecx & ~ecx_vmx) | ecx_tsc_deadline | ecx_hypervisor;
      entry.edx = place.count > 1 ? entry.edx | edx_multi_threading : entry.edx & ~edx_multi_threading;
      break;
    case 0x4:
    case 0x8000001d:
      set_cache_sharing(entry, place);
      break;
    case 0x80000001:
      entry.ecx &= ~ecx_svm;
      entry.ecx = place.count > 1 ? entry.ecx | ecx_cmp_legacy : entry.ecx & ~ecx_cmp_legacy;
      break;
    case 0x80000008:
      entry.ecx = replace(entry.ecx, 0xf0ff, bits(core_id_bits(place), 12) | (place.count - 1));
      break;
    case 0x8000001e:
      entry.eax = place.index;
      entry.ebx = place.index;  // core id, one thread per core
      entry.ecx = 0;            // node 0 of 1
      break;
    default:
      break;
  }
}

kvm_cpuid_entry2 topology_level(CpuPlace place, std::uint32_t subleaf) {
  constexpr std::uint32_t type_thread = 1;
  constexpr std::uint32_t type_core = 2;
  kvm_cpuid_entry2 entry{};
  entry.function = 0xb;
  entry.index = subleaf;
  entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  entry.ecx = subleaf;
  entry.edx = place.index;
  if (subleaf == 0) {
    entry.ebx = 1;
    entry.ecx |= bits(type_thread, 8);
  } else if (subleaf == 1) {
    entry.eax = core_id_bits(place);
    entry.ebx = place.count;
    entry.ecx |= bits(type_core, 8);
  }
  return entry;
}

}  // namespace

std::vector<kvm_cpuid_entry2> guest_cpuid(std::vector<kvm_cpuid_entry2> supported, CpuPlace place) {
  std::erase_if(supported, is_dropped);
  const bool has_topology_leaf = std::ranges::any_of(
      supported, [](const auto& entry) { return entry.function == 0 && entry.eax >= 0xb; });
  for (auto& entry : supported) adapt(entry, place);
  if (has_topology_leaf) {
    for (std::uint32_t subleaf = 0; subleaf < 3; ++subleaf)
      supported.push_back(topology_level(place, subleaf));
  }
  return supported;
}

}  // namespace immure::vmm::kvm
