#include "vmm/kvm/boot_registers.hpp"

#include "vmm/boot/descriptor_table.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::kvm {
namespace {

// Intel SDM vol. 3A, 2.5 "Control registers" and 2.2.1 "Extended feature enable register".
constexpr std::uint64_t cr0_protection = 1U << 0;
constexpr std::uint64_t cr0_extension_type = 1U << 4;
constexpr std::uint64_t cr0_paging = 1U << 31;
constexpr std::uint64_t cr4_physical_address_extension = 1U << 5;
constexpr std::uint64_t efer_long_mode_enable = 1U << 8;
constexpr std::uint64_t efer_long_mode_active = 1U << 10;
constexpr std::uint64_t rflags_always_one = 1U << 1;

kvm_segment segment_of(std::uint64_t descriptor, std::uint16_t selector) {
  kvm_segment segment{};
  segment.base = ((descriptor >> 16) & 0xff'ffff) | ((descriptor >> 32) & 0xff00'0000);
  segment.limit = static_cast<std::uint32_t>((descriptor & 0xffff) | ((descriptor >> 32) & 0xf'0000));
  segment.selector = selector;
  segment.type = (descriptor >> 40) & 0xf;
  segment.s = (descriptor >> 44) & 1;
  segment.dpl = (descriptor >> 45) & 3;
  segment.present = (descriptor >> 47) & 1;
  segment.avl = (descriptor >> 52) & 1;
  segment.l = (descriptor >> 53) & 1;
  segment.db = (descriptor >> 54) & 1;
  segment.g = (descriptor >> 55) & 1;
  if (segment.g != 0) segment.limit = (segment.limit << 12) | 0xfff;
  return segment;
}

}  // namespace

void set_entry_segments(kvm_sregs& sregs, boot::EntryMode mode) {
  const bool is_long = mode == boot::EntryMode::long_mode;
  const auto code = segment_of(is_long ? boot::gdt_code64 : boot::gdt_code32, boot::selector_code);
  const auto data = segment_of(boot::gdt_data, boot::selector_data);
  sregs.cs = code;
  sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
  sregs.tr = segment_of(boot::gdt_task, boot::selector_task);
  sregs.gdt = {.base = layout::gdt_start, .limit = boot::gdt_bytes - 1, .padding = {}};
  sregs.idt = {.base = 0, .limit = 0, .padding = {}};
  sregs.cr0 = cr0_protection | cr0_extension_type;
  if (is_long) {
    sregs.cr0 |= cr0_paging;
    sregs.cr3 = layout::page_tables_start;
    sregs.cr4 |= cr4_physical_address_extension;
    sregs.efer |= efer_long_mode_enable | efer_long_mode_active;
  }
}

kvm_regs entry_registers(const boot::BootEntry& entry) {
  kvm_regs regs{};
  regs.rflags = rflags_always_one;
  regs.rip = raw(entry.instruction);
  if (entry.mode == boot::EntryMode::long_mode) {
    regs.rsi = raw(entry.boot_info);
  } else {
    regs.rbx = raw(entry.boot_info);
  }
  return regs;
}

}  // namespace immure::vmm::kvm
