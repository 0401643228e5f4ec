#pragma once

#include <elf.h>

#include "tests/unit/vmm/boot/boot_fixture.hpp"

namespace immure::vmm::test {

constexpr std::size_t elf_code_offset = 4096;
constexpr std::size_t elf_note_offset = 2048;
constexpr std::uint64_t elf_load_address = 0x100'0000;

/// A small kernel: code, data, and the PVH note; each part can be spoilt before bytes() is called.
struct ElfImage {
  Elf64_Ehdr header = make_header();
  std::vector<Elf64_Phdr> segments{
      make_segment(PT_LOAD, elf_code_offset, elf_load_address, 8192, 8192),
      make_segment(PT_LOAD, elf_code_offset + 8192, elf_load_address + 8192, 4096, 65536),
      make_segment(PT_NOTE, elf_note_offset, 0, 20 + 4, 20 + 4)};
  Elf64_Nhdr note{.n_namesz = 4, .n_descsz = 8, .n_type = 18};
  std::uint64_t entry = elf_load_address + 0x40;

  [[nodiscard]] Bytes bytes() const {
    Bytes image(elf_code_offset + 3 * 4096, std::byte{0x90});
    put(image, 0, header);
    for (std::size_t i = 0; i < segments.size(); ++i) put(image, 64 + i * sizeof(Elf64_Phdr), segments[i]);
    put(image, elf_note_offset, note);
    put(image, elf_note_offset + 12, std::array{'X', 'e', 'n', '\0'});
    put(image, elf_note_offset + 16, entry);
    return image;
  }

  static Elf64_Phdr make_segment(std::uint32_t type, std::uint64_t offset, std::uint64_t address,
                                 std::uint64_t in_file, std::uint64_t in_memory) {
    Elf64_Phdr segment{};
    segment.p_type = type;
    segment.p_offset = offset;
    segment.p_paddr = address;
    segment.p_filesz = in_file;
    segment.p_memsz = in_memory;
    return segment;
  }
  static Elf64_Ehdr make_header() {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_phoff = 64;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 3;
    return header;
  }
};

}  // namespace immure::vmm::test
