#pragma once

#include <cstdint>

#include "base/result.hpp"
#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm {

/// A message-signalled interrupt as the guest programmed it (PCI Local Bus 3.0, 6.8.2). Guest-controlled.
struct MsiMessage {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
};

/// A global system interrupt number that stands for one MSI-X vector; given out by VmEvents.
enum class Gsi : std::uint32_t {};

/// What devices ask of KVM: eventfds that raise interrupts and eventfds that the guest's writes signal. The
/// real one is kvm::Vm; tests have a fake.
class VmEvents {
 public:
  virtual ~VmEvents() = default;

  /// Before the machine runs: a GSI of its own, raised by each write to `event_fd` (KVM_IRQFD).
  virtual Result<Gsi> add_msi(int event_fd) = 0;
  /// Any time: what the GSI's interrupt looks like from now on (KVM_SET_GSI_ROUTING).
  virtual Result<void> route_msi(Gsi gsi, MsiMessage message) = 0;

  /// Any time: guest writes of 2 bytes at `address` (MMIO) signal `event_fd` instead of leaving to the VMM
  /// (KVM_IOEVENTFD).
  virtual Result<void> add_doorbell(GuestAddress address, int event_fd) = 0;
  virtual Result<void> remove_doorbell(GuestAddress address, int event_fd) = 0;
};

}  // namespace immure::vmm
