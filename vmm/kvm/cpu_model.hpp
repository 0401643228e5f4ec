#pragma once

#include <vector>

#include <linux/kvm.h>

#include "base/result.hpp"
#include "policy/cpu_model.hpp"

namespace immure::vmm::kvm {

/// The host's CPUID table, less everything that a host of this model need not have: features (Intel SDM vol.
/// 2A "CPUID", AMD APM vol. 3 appendix E), states of XSAVE, and what KVM itself offers. Kept as the host has
/// it is what protects (SMEP, SMAP, UMIP, controls of speculation: a guest without them would be open), and
/// what is no feature: vendor, family and model, which tell a guest what to protect itself from, caches,
/// sizes of addresses. An Error names what the host lacks.
Result<std::vector<kvm_cpuid_entry2>> reduce_to_model(std::vector<kvm_cpuid_entry2> supported,
                                                      policy::CpuModel model);

}  // namespace immure::vmm::kvm
