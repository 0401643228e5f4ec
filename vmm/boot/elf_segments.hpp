#pragma once

#include <cstdint>
#include <vector>

#include <elf.h>

#include "vmm/boot/image_file.hpp"

namespace immure::vmm::boot {

/// True where the file has the ELF magic.
Result<bool> is_elf(const ImageFile& kernel);

/// A checked 64-bit x86 executable: every program header lies in the file, every segment to load lies in the
/// file and at or above 1 MiB, and no two of them overlap in memory.
struct ElfSegments {
  std::vector<Elf64_Phdr> loads;  ///< by address
  std::vector<Elf64_Phdr> notes;

  /// First address above the kernel.
  [[nodiscard]] std::uint64_t memory_end() const { return loads.back().p_paddr + loads.back().p_memsz; }
};

Result<ElfSegments> read_elf_segments(const ImageFile& kernel);

/// The 32-bit entry that the note XEN_ELFNOTE_PHYS32_ENTRY names; an Error unless it lies in a segment.
Result<std::uint32_t> find_pvh_entry(const ImageFile& kernel, const ElfSegments& segments);

}  // namespace immure::vmm::boot
