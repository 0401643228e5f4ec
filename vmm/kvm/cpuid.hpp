#pragma once

#include <cstdint>
#include <vector>

#include <linux/kvm.h>

namespace immure::vmm::kvm {

/// Where a virtual CPU stands: one package, one thread per core, local APIC id = index.
struct CpuPlace {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// The CPUID table of one virtual CPU: what the host supports, less nested virtualisation and performance
/// counters, plus the hypervisor bit, the TSC deadline timer and the topology (Intel SDM vol. 2A "CPUID", AMD
/// APM vol. 3 appendix E).
std::vector<kvm_cpuid_entry2> guest_cpuid(std::vector<kvm_cpuid_entry2> supported, CpuPlace place);

}  // namespace immure::vmm::kvm
