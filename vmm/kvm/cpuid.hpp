#pragma once

#include <cstdint>
#include <vector>

#include <linux/kvm.h>

#include "policy/guest_record.hpp"

namespace immure::vmm::kvm {

/// What a guest's virtual CPUs are like.
struct CpuShape {
  policy::CpuTopology topology{.sockets = 1, .cores = 1, .threads = 1};
  policy::Switch nested{};
  policy::CpuFeatureSet features_off = 0;
};

/// The local APIC id of a virtual CPU: thread, core and socket, each in bits of its own from the lowest up,
/// as guests take them apart again (Intel SDM vol. 3A, 9.9.5). Below 255 for every topology of up to 64.
std::uint32_t apic_id(const policy::CpuTopology& topology, std::uint32_t index);

/// The CPUID table of one virtual CPU: what the host supports, less what the guest is not to have and
/// performance counters, plus the hypervisor bit, the TSC deadline timer and the topology (Intel SDM vol. 2A
/// "CPUID", AMD APM vol. 3 appendix E).
std::vector<kvm_cpuid_entry2> guest_cpuid(std::vector<kvm_cpuid_entry2> supported, const CpuShape& shape,
                                          std::uint32_t index);

}  // namespace immure::vmm::kvm
