#include "tests/hostile/own_machine.hpp"

#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "policy/fd_layout.hpp"

namespace immure::hostile {

Result<void> make_own_machine(Targets& targets) {
  namespace fds = policy::vmm_fd;
  targets.kvm = fds::kvm;
  targets.disk = fds::first_disk;
  targets.shared_disk = fds::first_disk + 1;
  targets.record = fds::record;
  targets.kernel_image = fds::kernel;
  targets.console = fds::console;
  targets.control = fds::control;
  targets.log = fds::log;

  targets.vm = ::ioctl(fds::kvm, KVM_CREATE_VM, 0);
  IMMURE_TRY(checked(targets.vm, "KVM_CREATE_VM"));
  // As the VMM's. And a CPU without an APIC in the kernel would switch a key of KVM's code
  // (kvm_has_noapic_vcpu), which the test host may not survive: see tests/testhost/hold-a-machine.
  kvm_enable_cap split{.cap = KVM_CAP_SPLIT_IRQCHIP, .flags = 0, .args = {24}, .pad = {}};
  IMMURE_TRY(checked(::ioctl(targets.vm, KVM_ENABLE_CAP, &split), "KVM_CAP_SPLIT_IRQCHIP"));
  constexpr std::size_t bytes = 2 << 20;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return system_error("memory for the guest");
  kvm_userspace_memory_region region{.slot = 0,
                                     .flags = 0,
                                     .guest_phys_addr = 0,
                                     .memory_size = bytes,
                                     .userspace_addr = reinterpret_cast<std::uintptr_t>(memory)};
  IMMURE_TRY(checked(::ioctl(targets.vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION"));
  targets.vcpu = ::ioctl(targets.vm, KVM_CREATE_VCPU, 0);
  return checked(targets.vcpu, "KVM_CREATE_VCPU");
}

}  // namespace immure::hostile
