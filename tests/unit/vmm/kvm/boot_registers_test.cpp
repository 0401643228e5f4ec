#include "vmm/kvm/boot_registers.hpp"

#include <catch2/catch_test_macros.hpp>

#include "vmm/machine_layout.hpp"

using namespace immure::vmm;
using boot::EntryMode;

TEST_CASE("entry registers: long mode has paging, a 64-bit code segment, and the zero page in RSI", "[kvm]") {
  kvm_sregs sregs{};
  kvm::set_entry_segments(sregs, EntryMode::long_mode);
  CHECK((sregs.cr0 & 0x8000'0001) == 0x8000'0001);
  CHECK((sregs.cr4 & 0x20) != 0);
  CHECK((sregs.efer & 0x500) == 0x500);
  CHECK(sregs.cr3 == layout::page_tables_start);
  CHECK(sregs.cs.l == 1);
  CHECK(sregs.cs.db == 0);
  CHECK(sregs.cs.selector == 0x10);
  CHECK(sregs.ss.selector == 0x18);
  const auto regs = kvm::entry_registers({.mode = EntryMode::long_mode,
                                          .instruction = GuestAddress{0x100'0200},
                                          .boot_info = GuestAddress{0x7000}});
  CHECK(regs.rip == 0x100'0200);
  CHECK(regs.rsi == 0x7000);
  CHECK(regs.rflags == 2);
}

TEST_CASE("entry registers: PVH has flat 32-bit segments, no paging, and the start info in EBX", "[kvm]") {
  kvm_sregs sregs{};
  kvm::set_entry_segments(sregs, EntryMode::protected_mode);
  CHECK((sregs.cr0 & 0x8000'0001) == 1);
  CHECK(sregs.efer == 0);
  CHECK(sregs.cs.l == 0);
  CHECK(sregs.cs.db == 1);
  CHECK(sregs.cs.base == 0);
  CHECK(sregs.cs.limit == 0xffff'ffff);
  CHECK(sregs.ds.limit == 0xffff'ffff);
  CHECK(sregs.tr.limit == 0x67);
  const auto regs = kvm::entry_registers({.mode = EntryMode::protected_mode,
                                          .instruction = GuestAddress{0x100'0c43},
                                          .boot_info = GuestAddress{0x7000}});
  CHECK(regs.rbx == 0x7000);
}
