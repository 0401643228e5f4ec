#pragma once

#include <cstdint>

#include <linux/kvm.h>

#include "base/unique_fd.hpp"
#include "base/unique_mapping.hpp"
#include "policy/statistics_message.hpp"
#include "vmm/boot/boot_entry.hpp"
#include "vmm/devices/end_of_interrupt_listener.hpp"
#include "vmm/devices/io_bus.hpp"
#include "vmm/kvm/vm.hpp"

namespace immure::vmm::kvm {

/// What a vCPU's exits are handed to. All of it outlives the vCPU.
struct ExitHandlers {
  const IoBus* ports = nullptr;
  const IoBus* memory = nullptr;
  EndOfInterruptListener* interrupts = nullptr;
};

/// Why a vCPU will not run again.
enum class VcpuEnd {
  shutdown,  ///< triple fault
  reset,     ///< KVM_SYSTEM_EVENT_RESET
};

/// One virtual CPU. Everything except run() happens on the thread that builds the machine.
class Vcpu {
 public:
  static Result<Vcpu> create(const Kvm& kvm, const Vm& vm, std::uint32_t index, ExitHandlers handlers);

  Result<void> set_cpuid(std::span<const kvm_cpuid_entry2> entries);
  /// The model-specific registers that firmware would leave behind.
  Result<void> set_model_registers();
  /// For the first vCPU. The others wait in the kernel's local APIC for the guest's start-up message.
  Result<void> set_entry(const boot::BootEntry& entry);

  /// Runs the guest until this vCPU ends. An Error: KVM could not go on; it names the exit and its details.
  Result<VcpuEnd> run();

  /// How often run() came back from the guest, until now; from any thread.
  [[nodiscard]] policy::VcpuCounters exits() const;

 private:
  Vcpu(UniqueFd fd, UniqueMapping run_area, ExitHandlers handlers)
      : fd_(std::move(fd)), run_area_(std::move(run_area)), handlers_(handlers) {}
  [[nodiscard]] kvm_run& shared() const { return *reinterpret_cast<kvm_run*>(run_area_.bytes().data()); }
  void handle_port();
  void handle_memory();

  UniqueFd fd_;
  UniqueMapping run_area_;
  ExitHandlers handlers_;
  policy::VcpuCounters exits_;  // changed by the thread in run()
};

}  // namespace immure::vmm::kvm
