#include "vmm/kvm/kvm.hpp"

#include <array>
#include <string>

#include "vmm/kvm/abi.hpp"
#include "vmm/kvm/counted_array.hpp"
#include "vmm/kvm/ioctl.hpp"

namespace immure::vmm::kvm {
namespace {

struct Needed {
  unsigned long number;
  const char* name;
};

// All of them are in Linux 5.10 and later; the list is asked so that a stripped kernel fails with a name.
constexpr std::array needed_capabilities{
    Needed{.number = KVM_CAP_USER_MEMORY, .name = "KVM_CAP_USER_MEMORY"},
    Needed{.number = KVM_CAP_SPLIT_IRQCHIP, .name = "KVM_CAP_SPLIT_IRQCHIP"},
    Needed{.number = KVM_CAP_IRQFD, .name = "KVM_CAP_IRQFD"},
    Needed{.number = KVM_CAP_IOEVENTFD, .name = "KVM_CAP_IOEVENTFD"},
    Needed{.number = KVM_CAP_IRQ_ROUTING, .name = "KVM_CAP_IRQ_ROUTING"},
    Needed{.number = KVM_CAP_SIGNAL_MSI, .name = "KVM_CAP_SIGNAL_MSI"},
    Needed{.number = KVM_CAP_IMMEDIATE_EXIT, .name = "KVM_CAP_IMMEDIATE_EXIT"},
    Needed{.number = KVM_CAP_TSC_DEADLINE_TIMER, .name = "KVM_CAP_TSC_DEADLINE_TIMER"},
    Needed{.number = KVM_CAP_EXT_CPUID, .name = "KVM_CAP_EXT_CPUID"},
};

constexpr std::size_t max_cpuid_entries = 256;

}  // namespace

Result<Kvm> Kvm::adopt(UniqueFd fd) {
  const int version = IMMURE_TRY(query(fd.get(), KVM_GET_API_VERSION, "KVM_GET_API_VERSION"));
  if (version != KVM_API_VERSION) {
    return invalid("KVM speaks API version " + std::to_string(version) + ", 12 is needed");
  }
  for (const auto& capability : needed_capabilities) {
    if (IMMURE_TRY(query(fd.get(), KVM_CHECK_EXTENSION, capability.number, "KVM_CHECK_EXTENSION")) == 0) {
      return invalid(std::string("this kernel's KVM lacks ") + capability.name);
    }
  }
  const int size = IMMURE_TRY(query(fd.get(), KVM_GET_VCPU_MMAP_SIZE, "KVM_GET_VCPU_MMAP_SIZE"));
  if (static_cast<std::size_t>(size) < sizeof(kvm_run)) return invalid("KVM's run area is too small");
  return Kvm(std::move(fd), static_cast<std::size_t>(size));
}

Result<UniqueFd> Kvm::create_vm() const {
  // Type 0: an ordinary VM. KVM's anonymous-inode fds are close-on-exec by themselves.
  return UniqueFd(IMMURE_TRY(query(fd_.get(), KVM_CREATE_VM, "KVM_CREATE_VM")));
}

Result<std::vector<kvm_cpuid_entry2>> Kvm::supported_cpuid() const {
  CountedArray<CpuidHeader, kvm_cpuid_entry2> table(max_cpuid_entries);
  table.header()->nent = max_cpuid_entries;
  IMMURE_TRY(call(fd_.get(), get_supported_cpuid, table.header(), "KVM_GET_SUPPORTED_CPUID"));
  const auto entries = table.entries().first(table.header()->nent);
  return std::vector<kvm_cpuid_entry2>(entries.begin(), entries.end());
}

}  // namespace immure::vmm::kvm
