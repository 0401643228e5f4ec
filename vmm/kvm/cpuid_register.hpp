#pragma once

#include <linux/kvm.h>

#include "policy/cpu_features.hpp"

namespace immure::vmm::kvm {

/// One of the four registers that an entry of a CPUID table answers in.
inline std::uint32_t& register_of(kvm_cpuid_entry2& entry, policy::CpuidRegister which) {
  switch (which) {
    case policy::CpuidRegister::eax:
      return entry.eax;
    case policy::CpuidRegister::ebx:
      return entry.ebx;
    case policy::CpuidRegister::ecx:
      return entry.ecx;
    case policy::CpuidRegister::edx:
      break;
  }
  return entry.edx;
}

}  // namespace immure::vmm::kvm
