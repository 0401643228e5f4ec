#include "vmm/boot/elf_segments.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checked.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::boot {
namespace {

constexpr std::size_t max_program_headers = 64;
constexpr std::uint64_t max_note_bytes = 64 << 10;
constexpr std::uint32_t xen_phys32_entry = 18;  // xen/include/public/elfnote.h
constexpr std::array<char, 4> xen_note_name{'X', 'e', 'n', '\0'};

Result<void> check_file_header(const ImageFile& kernel, const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != EM_X86_64 || header.e_type != ET_EXEC) {
    return kernel.refuse("is not a 64-bit x86 ELF executable");
  }
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return kernel.refuse("its program headers have an odd size");
  if (header.e_phnum > max_program_headers) return kernel.refuse("has too many program headers");
  return {};
}

Result<void> check_load(const ImageFile& kernel, const Elf64_Phdr& segment) {
  if (!range_fits(segment.p_offset, segment.p_filesz, kernel.size()))
    return kernel.refuse("a segment ends beyond the file");
  if (segment.p_filesz > segment.p_memsz)
    return kernel.refuse("a segment is larger in the file than in memory");
  if (!checked_add(segment.p_paddr, segment.p_memsz)) return kernel.refuse("a segment's address wraps");
  if (segment.p_paddr < layout::kernel_area_start) return kernel.refuse("a segment lies below 1 MiB");
  return {};
}

Result<void> check_overlaps(const ImageFile& kernel, std::span<const Elf64_Phdr> loads) {
  for (std::size_t i = 1; i < loads.size(); ++i) {
    if (loads[i - 1].p_paddr + loads[i - 1].p_memsz > loads[i].p_paddr)
      return kernel.refuse("two segments overlap in memory");
  }
  return {};
}

constexpr std::uint64_t padded(std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; }

/// The entry that this run of notes names; 0: none.
Result<std::uint64_t> scan_notes(const ImageFile& kernel, std::span<const std::byte> notes) {
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr note{};
    std::memcpy(&note, notes.data(), sizeof(note));
    notes = notes.subspan(sizeof(note));
    // Both sums of 32-bit words fit into 64 bits.
    const auto name_bytes = padded(note.n_namesz);
    const auto description_bytes = padded(note.n_descsz);
    if (name_bytes + description_bytes > notes.size()) return kernel.refuse("a note ends beyond its segment");
    const auto name = notes.first(note.n_namesz);
    const auto description = notes.subspan(name_bytes, note.n_descsz);
    if (note.n_type == xen_phys32_entry &&
        std::ranges::equal(name, std::as_bytes(std::span(xen_note_name)))) {
      if (description.size() != 4 && description.size() != 8)
        return kernel.refuse("its PVH entry note has an odd size");
      std::uint64_t entry = 0;
      std::memcpy(&entry, description.data(), description.size());
      return entry;
    }
    notes = notes.subspan(name_bytes + description_bytes);
  }
  return 0;
}

}  // namespace

Result<bool> is_elf(const ImageFile& kernel) {
  if (kernel.size() < SELFMAG) return false;
  const auto magic = IMMURE_TRY((kernel.read<std::array<char, SELFMAG>>(0, "the magic")));
  return std::memcmp(magic.data(), ELFMAG, SELFMAG) == 0;
}

Result<ElfSegments> read_elf_segments(const ImageFile& kernel) {
  const auto header = IMMURE_TRY(kernel.read<Elf64_Ehdr>(0, "the ELF header"));
  IMMURE_TRY(check_file_header(kernel, header));
  std::vector<Elf64_Phdr> all(header.e_phnum);
  IMMURE_TRY(
      kernel.read_bytes(header.e_phoff, std::as_writable_bytes(std::span(all)), "the program headers"));

  ElfSegments segments;
  for (const auto& segment : all) {
    if (segment.p_type == PT_NOTE) segments.notes.push_back(segment);
    if (segment.p_type != PT_LOAD || segment.p_memsz == 0) continue;
    IMMURE_TRY(check_load(kernel, segment));
    segments.loads.push_back(segment);
  }
  if (segments.loads.empty()) return kernel.refuse("has nothing to load");
  std::ranges::sort(segments.loads, {}, &Elf64_Phdr::p_paddr);
  IMMURE_TRY(check_overlaps(kernel, segments.loads));
  return segments;
}

Result<std::uint32_t> find_pvh_entry(const ImageFile& kernel, const ElfSegments& segments) {
  for (const auto& segment : segments.notes) {
    if (segment.p_filesz > max_note_bytes) return kernel.refuse("its notes are too long");
    std::vector<std::byte> notes(segment.p_filesz);
    IMMURE_TRY(kernel.read_bytes(segment.p_offset, notes, "the notes"));
    const auto entry = IMMURE_TRY(scan_notes(kernel, notes));
    if (entry == 0) continue;
    const bool is_loaded = std::ranges::any_of(segments.loads, [entry](const Elf64_Phdr& load) {
      return entry >= load.p_paddr && entry - load.p_paddr < load.p_filesz;
    });
    const auto narrow = checked_cast<std::uint32_t>(entry);
    if (!is_loaded || !narrow) return kernel.refuse("its PVH entry lies outside its segments");
    return *narrow;
  }
  return kernel.refuse("has no PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY)");
}

}  // namespace immure::vmm::boot
