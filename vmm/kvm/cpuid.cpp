#include "vmm/kvm/cpuid.hpp"

#include <algorithm>
#include <bit>

#include "vmm/kvm/cpuid_register.hpp"

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

constexpr std::uint32_t id_bits(std::uint32_t count) {
  return static_cast<std::uint32_t>(std::bit_width(count - 1));
}
/// Bits of an APIC id that tell the threads of a core apart, and those of a socket.
std::uint32_t core_shift(const policy::CpuTopology& topology) { return id_bits(topology.threads); }
std::uint32_t socket_shift(const policy::CpuTopology& topology) {
  return core_shift(topology) + id_bits(topology.cores);
}

/// One virtual CPU, as the table's entries need it.
struct Place {
  const CpuShape& shape;
  std::uint32_t id = 0;

  [[nodiscard]] std::uint32_t per_socket() const { return shape.topology.cores * shape.topology.threads; }
  [[nodiscard]] bool is_nested() const { return shape.nested == policy::Switch::on; }
};

/// Leaves that describe the host's own topology or things that the guest does not have.
bool is_dropped(const kvm_cpuid_entry2& entry, policy::Switch nested) {
  switch (entry.function) {
    case 0xa:         // performance counters
    case 0xb:         // topology: written anew
    case 0x1f:        // the same, newer
    case 0x80000022:  // performance counters, AMD
    case 0x80000026:  // topology, AMD, newer
      return true;
    case 0x8000000a:  // nested virtualisation
      return nested == policy::Switch::off;
    default:
      return false;
  }
}

/// Caches of the first two levels belong to a core, the others to a socket.
void set_cache_sharing(kvm_cpuid_entry2& entry, const Place& place) {
  const auto type = entry.eax & 0x1f;
  const auto level = (entry.eax >> 5) & 0x7;
  if (type == 0) return;
  const auto& topology = place.shape.topology;
  // Both count ids, not CPUs: the next power of two.
  const auto shift = level >= 3 ? socket_shift(topology) : core_shift(topology);
  entry.eax = replace(entry.eax, 0x03ff'c000, bits((1U << shift) - 1, 14));
  // The cores of the package: a field of the Intel leaf only, reserved on AMD.
  if (entry.function == 4)
    entry.eax = replace(entry.eax, 0xfc00'0000, bits((1U << id_bits(topology.cores)) - 1, 26));
}

void switch_features_off(kvm_cpuid_entry2& entry, policy::CpuFeatureSet off) {
  for (std::size_t i = 0; i < policy::cpu_features.size(); ++i) {
    const auto& feature = policy::cpu_features[i];
    if ((off >> i & 1) != 0 && feature.leaf == entry.function && feature.subleaf == entry.index)
      register_of(entry, feature.where) &= ~bits(1, feature.bit);
  }
}

void adapt(kvm_cpuid_entry2& entry, const Place& place) {
  const bool is_alone = place.per_socket() == 1;
  const auto& topology = place.shape.topology;
  switch (entry.function) {
    case 0x1:
      entry.ebx =
          replace(entry.ebx, 0xffff'0000, bits(place.id, 24) | bits(1U << socket_shift(topology), 16));
      entry.ecx |= ecx_tsc_deadline | ecx_hypervisor;
      if (!place.is_nested()) entry.ecx &= ~ecx_vmx;
      entry.edx = is_alone ? entry.edx & ~edx_multi_threading : entry.edx | edx_multi_threading;
      break;
    case 0x4:
    case 0x8000001d:
      set_cache_sharing(entry, place);
      break;
    case 0x80000001:
      if (!place.is_nested()) entry.ecx &= ~ecx_svm;
      entry.ecx = is_alone ? entry.ecx & ~ecx_cmp_legacy : entry.ecx | ecx_cmp_legacy;
      break;
    case 0x80000008:
      entry.ecx = replace(entry.ecx, 0xf0ff, bits(socket_shift(topology), 12) | (place.per_socket() - 1));
      break;
    case 0x8000001e:
      entry.eax = place.id;
      entry.ebx = (place.id >> core_shift(topology) & 0xff) | bits(topology.threads - 1, 8);
      entry.ecx = 0;  // node 0 of 1
      break;
    default:
      break;
  }
  switch_features_off(entry, place.shape.features_off);
}

kvm_cpuid_entry2 topology_level(const Place& place, std::uint32_t subleaf) {
  constexpr std::uint32_t type_thread = 1;
  constexpr std::uint32_t type_core = 2;
  kvm_cpuid_entry2 entry{};
  entry.function = 0xb;
  entry.index = subleaf;
  entry.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  entry.ecx = subleaf;
  entry.edx = place.id;
  if (subleaf == 0) {
    entry.eax = core_shift(place.shape.topology);
    entry.ebx = place.shape.topology.threads;
    entry.ecx |= bits(type_thread, 8);
  } else if (subleaf == 1) {
    entry.eax = socket_shift(place.shape.topology);
    entry.ebx = place.per_socket();
    entry.ecx |= bits(type_core, 8);
  }
  return entry;
}

}  // namespace

std::uint32_t apic_id(const policy::CpuTopology& topology, std::uint32_t index) {
  const auto thread = index % topology.threads;
  const auto core = index / topology.threads % topology.cores;
  const auto socket = index / topology.threads / topology.cores;
  return thread | bits(core, core_shift(topology)) | bits(socket, socket_shift(topology));
}

std::vector<kvm_cpuid_entry2> guest_cpuid(std::vector<kvm_cpuid_entry2> supported, const CpuShape& shape,
                                          std::uint32_t index) {
  const Place place{.shape = shape, .id = apic_id(shape.topology, index)};
  std::erase_if(supported, [&shape](const auto& entry) { return is_dropped(entry, shape.nested); });
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
