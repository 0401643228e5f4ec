#include "tests/hostile/tiny_program.hpp"

#include <array>
#include <cstdint>

#include <elf.h>

namespace immure::hostile {
namespace {

constexpr std::uint64_t base = 0x400000;

struct Program {
  Elf64_Ehdr header{
      .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
      .e_type = ET_EXEC,
      .e_machine = EM_X86_64,
      .e_version = EV_CURRENT,
      .e_entry = base + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
      .e_phoff = sizeof(Elf64_Ehdr),
      .e_shoff = 0,
      .e_flags = 0,
      .e_ehsize = sizeof(Elf64_Ehdr),
      .e_phentsize = sizeof(Elf64_Phdr),
      .e_phnum = 1,
      .e_shentsize = sizeof(Elf64_Shdr),
      .e_shnum = 0,
      .e_shstrndx = SHN_UNDEF};
  Elf64_Phdr segment{.p_type = PT_LOAD,
                     .p_flags = PF_R | PF_X,
                     .p_offset = 0,
                     .p_vaddr = base,
                     .p_paddr = base,
                     .p_filesz = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 16,
                     .p_memsz = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 16,
                     .p_align = 4096};
  /// mov $60 (exit), %eax; xor %edi, %edi; syscall
  std::array<unsigned char, 16> code{0xb8, 0x3c, 0x00, 0x00, 0x00, 0x31, 0xff, 0x0f, 0x05};
};

constexpr Program program;

}  // namespace

std::span<const std::byte> tiny_program() { return std::as_bytes(std::span(&program, 1)); }

}  // namespace immure::hostile
