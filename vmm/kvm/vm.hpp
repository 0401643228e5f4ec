#pragma once

#include <mutex>
#include <vector>

#include "base/unique_fd.hpp"
#include "vmm/devices/interrupt_sink.hpp"
#include "vmm/devices/vm_events.hpp"
#include "vmm/kvm/kvm.hpp"
#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm::kvm {

/// One KVM virtual machine: its memory slots, the split interrupt controller (local APICs in the kernel, the
/// IOAPIC ours), its table of interrupt routes, and the eventfds bound to it.
class Vm : public VmEvents, public InterruptSink {
 public:
  /// `memory` must outlive the Vm.
  static Result<Vm> create(const Kvm& kvm, const GuestMemory& memory);
  Vm(Vm&& other) noexcept;
  Vm& operator=(Vm&&) = delete;
  ~Vm() override = default;

  [[nodiscard]] Result<UniqueFd> create_vcpu(std::uint32_t index) const;

  Result<Gsi> add_msi(int event_fd) override;
  Result<void> route_msi(Gsi gsi, MsiMessage message) override;
  Result<void> add_doorbell(GuestAddress address, int event_fd) override;
  Result<void> remove_doorbell(GuestAddress address, int event_fd) override;

  Result<void> signal(MsiMessage message) override;
  Result<void> route_pin(std::uint32_t pin, std::optional<MsiMessage> message) override;

 private:
  explicit Vm(UniqueFd fd);
  Result<void> set_route(std::size_t gsi, std::optional<MsiMessage> message);
  /// Hands the whole table to the kernel: there is no call that changes one route.
  Result<void> install_routes();

  UniqueFd fd_;
  std::mutex mutex_;
  std::vector<std::optional<MsiMessage>> routes_;  ///< index: GSI; IOAPIC pins first
};

}  // namespace immure::vmm::kvm
