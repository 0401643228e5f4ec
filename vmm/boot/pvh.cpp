#include "vmm/boot/pvh.hpp"

#include "vmm/boot/elf_segments.hpp"
#include "vmm/boot/hvm_start_info.hpp"
#include "vmm/boot/initrd.hpp"
#include "vmm/boot/memory_map.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::boot {
namespace {

// Behind the start info, in the same page.
constexpr std::uint64_t module_start = layout::boot_info_start + 0x100;
constexpr std::uint64_t map_start = layout::boot_info_start + 0x200;

Result<void> load_segments(const GuestMemory& memory, const ImageFile& kernel, const ElfSegments& segments) {
  if (segments.memory_end() > low_memory_end(memory)) {
    return kernel.refuse("needs memory up to " + std::to_string(segments.memory_end()) +
                         ": the guest has too little");
  }
  // What lies behind the bytes of the file (.bss) is zero: guest memory is fresh.
  for (const auto& segment : segments.loads) {
    IMMURE_TRY(
        kernel.load(segment.p_offset, segment.p_filesz, memory, GuestAddress{segment.p_paddr}, "a segment"));
  }
  return {};
}

Result<std::uint32_t> write_map(const GuestMemory& memory) {
  std::uint32_t count = 0;
  for (const auto& entry : memory_map(memory)) {
    const HvmMemoryMapEntry out{.address = entry.start,
                                .size = entry.size,
                                .type = static_cast<std::uint32_t>(entry.type),
                                .reserved = 0};
    IMMURE_TRY(memory.write_object(GuestAddress{map_start + count * sizeof(out)}, out));
    ++count;
  }
  return count;
}

}  // namespace

Result<BootEntry> load_pvh(const GuestMemory& memory, const BootRequest& request) {
  const auto segments = IMMURE_TRY(read_elf_segments(request.kernel));
  const auto entry = IMMURE_TRY(find_pvh_entry(request.kernel, segments));
  IMMURE_TRY(load_segments(memory, request.kernel, segments));
  const auto initrd =
      IMMURE_TRY(load_initrd(memory, request, segments.memory_end(), layout::high_memory_start));

  HvmStartInfo info;
  if (initrd.size != 0) {
    const HvmModule module{.address = initrd.start, .size = initrd.size, .command_line = 0, .reserved = 0};
    IMMURE_TRY(memory.write_object(GuestAddress{module_start}, module));
    info.module_count = 1;
    info.module_list = module_start;
  }
  info.command_line = layout::command_line_start;
  info.rsdp = raw(request.rsdp);
  info.memory_map = map_start;
  info.memory_map_entries = IMMURE_TRY(write_map(memory));
  IMMURE_TRY(memory.write_object(GuestAddress{layout::boot_info_start}, info));
  IMMURE_TRY(write_command_line(memory, request.command_line));
  IMMURE_TRY(write_protected_mode_tables(memory));
  return BootEntry{.mode = EntryMode::protected_mode,
                   .instruction = GuestAddress{entry},
                   .boot_info = GuestAddress{layout::boot_info_start}};
}

}  // namespace immure::vmm::boot
