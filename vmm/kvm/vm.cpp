#include "vmm/kvm/vm.hpp"

#include <algorithm>
#include <string>

#include "vmm/kvm/abi.hpp"
#include "vmm/kvm/counted_array.hpp"
#include "vmm/kvm/ioctl.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::kvm {
namespace {

// The kernel takes 4096 (KVM_MAX_IRQ_ROUTES); the machine's devices need a few hundred at most.
constexpr std::size_t max_gsis = 1024;

Result<void> add_memory(int fd, std::uint32_t slot, const MemoryRegion& region) {
  const kvm_userspace_memory_region memory{.slot = slot,
                                           .flags = 0,
                                           .guest_phys_addr = raw(region.start),
                                           .memory_size = region.size,
                                           .userspace_addr = reinterpret_cast<std::uint64_t>(region.host)};
  IMMURE_TRY(call(fd, KVM_SET_USER_MEMORY_REGION, &memory, "KVM_SET_USER_MEMORY_REGION"));
  return {};
}

Result<void> set_doorbell(int fd, GuestAddress address, int event_fd, std::uint32_t flags) {
  kvm_ioeventfd request{};
  request.addr = raw(address);
  request.len = sizeof(std::uint16_t);
  request.fd = event_fd;
  request.flags = flags;
  IMMURE_TRY(call(fd, KVM_IOEVENTFD, &request, "KVM_IOEVENTFD"));
  return {};
}

}  // namespace

Vm::Vm(UniqueFd fd) : fd_(std::move(fd)), routes_(layout::ioapic_pins) {}
Vm::Vm(Vm&& other) noexcept : fd_(std::move(other.fd_)), routes_(std::move(other.routes_)) {}

Result<Vm> Vm::create(const Kvm& kvm, const GuestMemory& memory) {
  Vm vm(IMMURE_TRY(kvm.create_vm()));
  const int fd = vm.fd_.get();

  // Intel hosts that lack "unrestricted guest" need four pages of guest-physical space for real mode; they
  // lie above everything the guest is told of. Both calls come before the first vCPU.
  std::uint64_t identity_map = layout::kvm_identity_map;
  IMMURE_TRY(call(fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map, "KVM_SET_IDENTITY_MAP_ADDR"));
  IMMURE_TRY(call(fd, KVM_SET_TSS_ADDR, static_cast<unsigned long>(layout::kvm_tss), "KVM_SET_TSS_ADDR"));

  // No performance counters: they are a side channel and a large interface. Kernels before 5.18 lack the
  // switch.
  kvm_enable_cap no_pmu{};
  no_pmu.cap = KVM_CAP_PMU_CAPABILITY;
  no_pmu.args[0] = KVM_PMU_CAP_DISABLE;
  (void)call(fd, KVM_ENABLE_CAP, &no_pmu, "KVM_CAP_PMU_CAPABILITY");

  kvm_enable_cap split{};
  split.cap = KVM_CAP_SPLIT_IRQCHIP;
  split.args[0] = layout::ioapic_pins;
  IMMURE_TRY(call(fd, KVM_ENABLE_CAP, &split, "KVM_CAP_SPLIT_IRQCHIP"));

  std::uint32_t slot = 0;
  for (const auto& region : memory.regions()) IMMURE_TRY(add_memory(fd, slot++, region));
  return vm;
}

Result<UniqueFd> Vm::create_vcpu(std::uint32_t index) const {
  return UniqueFd(
      IMMURE_TRY(query(fd_.get(), KVM_CREATE_VCPU, static_cast<unsigned long>(index), "KVM_CREATE_VCPU")));
}

Result<Gsi> Vm::add_msi(int event_fd) {
  const std::scoped_lock lock(mutex_);
  if (routes_.size() >= max_gsis) return invalid("the machine has too many MSI-X vectors");
  const auto gsi = static_cast<std::uint32_t>(routes_.size());
  kvm_irqfd request{};
  request.fd = static_cast<std::uint32_t>(event_fd);
  request.gsi = gsi;
  IMMURE_TRY(call(fd_.get(), KVM_IRQFD, &request, "KVM_IRQFD"));
  routes_.emplace_back();
  return Gsi{gsi};
}

Result<void> Vm::route_msi(Gsi gsi, MsiMessage message) {
  return set_route(static_cast<std::size_t>(gsi), message);
}

Result<void> Vm::route_pin(std::uint32_t pin, std::optional<MsiMessage> message) {
  return set_route(pin, message);
}

Result<void> Vm::set_route(std::size_t gsi, std::optional<MsiMessage> message) {
  const std::scoped_lock lock(mutex_);
  if (gsi >= routes_.size()) return invalid("no such interrupt line");
  auto& route = routes_[gsi];
  // Guests write the same message again and again (masking, affinity); the kernel waits for a grace period on
  // each call.
  const bool same = route.has_value() == message.has_value() &&
                    (!route || (route->address == message->address && route->data == message->data));
  if (same) return {};
  route = message;
  return install_routes();
}

Result<void> Vm::install_routes() {
  const auto used =
      std::count_if(routes_.begin(), routes_.end(), [](const auto& r) { return r.has_value(); });
  CountedArray<IrqRoutingHeader, kvm_irq_routing_entry> table(static_cast<std::size_t>(used));
  table.header()->nr = static_cast<std::uint32_t>(used);
  auto entry = table.entries().begin();
  for (std::uint32_t gsi = 0; gsi < routes_.size(); ++gsi) {
    if (!routes_[gsi]) continue;
    entry->gsi = gsi;
    entry->type = KVM_IRQ_ROUTING_MSI;
    entry->u.msi.address_lo = static_cast<std::uint32_t>(routes_[gsi]->address);
    entry->u.msi.address_hi = static_cast<std::uint32_t>(routes_[gsi]->address >> 32);
    entry->u.msi.data = routes_[gsi]->data;
    ++entry;
  }
  IMMURE_TRY(call(fd_.get(), set_gsi_routing, table.header(), "KVM_SET_GSI_ROUTING"));
  return {};
}

Result<void> Vm::signal(MsiMessage message) {
  kvm_msi request{};
  request.address_lo = static_cast<std::uint32_t>(message.address);
  request.address_hi = static_cast<std::uint32_t>(message.address >> 32);
  request.data = message.data;
  IMMURE_TRY(call(fd_.get(), KVM_SIGNAL_MSI, &request, "KVM_SIGNAL_MSI"));
  return {};
}

Result<void> Vm::add_doorbell(GuestAddress address, int event_fd) {
  return set_doorbell(fd_.get(), address, event_fd, 0);
}

Result<void> Vm::remove_doorbell(GuestAddress address, int event_fd) {
  return set_doorbell(fd_.get(), address, event_fd, KVM_IOEVENTFD_FLAG_DEASSIGN);
}

}  // namespace immure::vmm::kvm
