#pragma once

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "vmm/devices/vm_events.hpp"

namespace immure::vmm {

/// Where the IOAPIC's interrupts go: the local APICs in the kernel. The real one is kvm::Vm.
class InterruptSink {
 public:
  virtual ~InterruptSink() = default;

  /// Delivers one message now (KVM_SIGNAL_MSI).
  virtual Result<void> signal(MsiMessage message) = 0;
  /// Tells the kernel what an IOAPIC pin would send, so that it hands up the end of each level-triggered
  /// interrupt (KVM_EXIT_IOAPIC_EOI); nothing: the pin is masked.
  virtual Result<void> route_pin(std::uint32_t pin, std::optional<MsiMessage> message) = 0;
};

}  // namespace immure::vmm
