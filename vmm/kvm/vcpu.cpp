#include "vmm/kvm/vcpu.hpp"

#include <algorithm>
#include <string>

#include <sys/mman.h>

#include "base/checked.hpp"
#include "vmm/counters.hpp"
#include "vmm/kvm/abi.hpp"
#include "vmm/kvm/boot_registers.hpp"
#include "vmm/kvm/counted_array.hpp"
#include "vmm/kvm/ioctl.hpp"

namespace immure::vmm::kvm {
namespace {

// Intel SDM vol. 4: IA32_MISC_ENABLE, IA32_MTRR_DEF_TYPE.
constexpr kvm_msr_entry fast_strings{.index = 0x1a0, .reserved = 0, .data = 1};
// Memory is write-back unless the guest's page tables say otherwise; without it Linux takes all RAM as
// uncached.
constexpr kvm_msr_entry write_back_memory{.index = 0x2ff, .reserved = 0, .data = (1U << 11) | 6};

std::string exit_details(const kvm_run& run) {
  switch (run.exit_reason) {
    case KVM_EXIT_FAIL_ENTRY:
      return "the hardware refused to enter the guest, reason " +
             std::to_string(run.fail_entry.hardware_entry_failure_reason);
    case KVM_EXIT_INTERNAL_ERROR:
      return "KVM internal error, suberror " + std::to_string(run.internal.suberror);
    case KVM_EXIT_SYSTEM_EVENT:
      return "system event " + std::to_string(run.system_event.type);
    default:
      return "unexpected KVM exit " + std::to_string(run.exit_reason);
  }
}

}  // namespace

Result<Vcpu> Vcpu::create(const Kvm& kvm, const Vm& vm, std::uint32_t index, ExitHandlers handlers) {
  auto fd = IMMURE_TRY(vm.create_vcpu(index));
  auto area =
      IMMURE_TRY(UniqueMapping::map(kvm.run_area_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get()));
  return Vcpu(std::move(fd), std::move(area), handlers);
}

Result<void> Vcpu::set_cpuid(std::span<const kvm_cpuid_entry2> entries) {
  CountedArray<CpuidHeader, kvm_cpuid_entry2> table(entries.size());
  table.header()->nent = static_cast<std::uint32_t>(entries.size());
  std::ranges::copy(entries, table.entries().begin());
  IMMURE_TRY(call(fd_.get(), set_cpuid2, table.header(), "KVM_SET_CPUID2"));
  return {};
}

Result<void> Vcpu::set_model_registers() {
  CountedArray<MsrsHeader, kvm_msr_entry> table(2);
  table.header()->nmsrs = 2;
  table.entries()[0] = fast_strings;
  table.entries()[1] = write_back_memory;
  const int set = IMMURE_TRY(query(fd_.get(), set_msrs, table.header(), "KVM_SET_MSRS"));
  if (set != 2) return invalid("KVM_SET_MSRS took " + std::to_string(set) + " of 2 registers");
  return {};
}

Result<void> Vcpu::set_entry(const boot::BootEntry& entry) {
  kvm_sregs sregs{};
  IMMURE_TRY(call(fd_.get(), KVM_GET_SREGS, &sregs, "KVM_GET_SREGS"));
  set_entry_segments(sregs, entry.mode);
  IMMURE_TRY(call(fd_.get(), KVM_SET_SREGS, &sregs, "KVM_SET_SREGS"));
  auto regs = entry_registers(entry);
  IMMURE_TRY(call(fd_.get(), KVM_SET_REGS, &regs, "KVM_SET_REGS"));
  return {};
}

Result<VcpuEnd> Vcpu::run() {
  for (;;) {
    if (::ioctl(fd_.get(), KVM_RUN, 0) < 0) {
      add(exits_.other_exits);
      if (errno == EINTR || errno == EAGAIN) continue;
      return system_error("KVM_RUN");
    }
    switch (shared().exit_reason) {
      case KVM_EXIT_IO:
        add(exits_.port_exits);
        handle_port();
        break;
      case KVM_EXIT_MMIO:
        add(exits_.memory_exits);
        handle_memory();
        break;
      case KVM_EXIT_IOAPIC_EOI:
        add(exits_.interrupt_exits);
        handlers_.interrupts->end_of_interrupt(shared().eoi.vector);
        break;
      case KVM_EXIT_INTR:
        add(exits_.other_exits);
        break;
      case KVM_EXIT_SHUTDOWN:
        return VcpuEnd::shutdown;
      case KVM_EXIT_SYSTEM_EVENT:
        if (shared().system_event.type == KVM_SYSTEM_EVENT_RESET) return VcpuEnd::reset;
        return invalid(exit_details(shared()));
      default:
        return invalid(exit_details(shared()));
    }
  }
}

policy::VcpuCounters Vcpu::exits() const { return read(exits_, policy::vcpu_fields); }

void Vcpu::handle_port() {
  const auto& io = shared().io;
  // The kernel filled this in, from the guest's instruction; the bounds hold unless the kernel is wrong.
  const auto total = std::uint64_t{io.size} * io.count;
  if (!range_fits(std::uint64_t{io.data_offset}, total, std::uint64_t{run_area_.bytes().size()})) return;
  auto data = run_area_.bytes().subspan(io.data_offset, total);
  for (std::uint32_t i = 0; i < io.count; ++i) {
    const auto item = data.subspan(std::size_t{i} * io.size, io.size);
    if (io.direction == KVM_EXIT_IO_OUT) {
      handlers_.ports->write(io.port, item);
    } else {
      handlers_.ports->read(io.port, item);
    }
  }
}

void Vcpu::handle_memory() {
  auto& mmio = shared().mmio;
  const auto data = std::as_writable_bytes(std::span(mmio.data)).first(std::min<std::size_t>(mmio.len, 8));
  if (mmio.is_write != 0) {
    handlers_.memory->write(mmio.phys_addr, data);
  } else {
    handlers_.memory->read(mmio.phys_addr, data);
  }
}

}  // namespace immure::vmm::kvm
