#pragma once

#include <cstdint>

#include <linux/ioctl.h>
#include <linux/kvm.h>

namespace immure::vmm::kvm {

// The fixed parts of KVM's variable-length structures, and the requests that take them. The UAPI headers of
// some distributions declare the flexible array through __DECLARE_FLEX_ARRAY, whose empty struct has a size
// in C++: the structure and the request number, which carries its size, come out wrong there.

/// struct kvm_cpuid2, without its entries.
struct CpuidHeader {
  std::uint32_t nent = 0;
  std::uint32_t padding = 0;
};
static_assert(sizeof(CpuidHeader) == 8);
constexpr unsigned long get_supported_cpuid = _IOWR(KVMIO, 0x05, CpuidHeader);
constexpr unsigned long set_cpuid2 = _IOW(KVMIO, 0x90, CpuidHeader);

/// struct kvm_msrs, without its entries.
struct MsrsHeader {
  std::uint32_t nmsrs = 0;
  std::uint32_t pad = 0;
};
static_assert(sizeof(MsrsHeader) == 8);
constexpr unsigned long set_msrs = _IOW(KVMIO, 0x89, MsrsHeader);

/// struct kvm_irq_routing, without its entries.
struct IrqRoutingHeader {
  std::uint32_t nr = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(IrqRoutingHeader) == 8);
constexpr unsigned long set_gsi_routing = _IOW(KVMIO, 0x6a, IrqRoutingHeader);

}  // namespace immure::vmm::kvm
