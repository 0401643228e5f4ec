#include "vmm/boot/elf_segments.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/boot/elf_fixture.hpp"
#include "vmm/boot/loader.hpp"

using namespace immure;
using namespace immure::vmm;
using test::Bytes;
using test::elf_load_address;
using test::ElfImage;
using test::Images;

namespace {

Result<boot::BootEntry> load(const Bytes& image) {
  const auto memory = GuestMemory::create(64 << 20).value();
  const Images images(image);
  return boot::load(memory, images.request());
}

template <typename Change>
std::string refusal(Change change) {
  ElfImage image;
  change(image);
  const auto outcome = load(image.bytes());
  return outcome ? "it was taken" : outcome.error().message;
}

bool says(const std::string& message, std::string_view part) {
  INFO(message);
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("ELF: truncated anywhere it is refused", "[boot]") {
  const auto whole = ElfImage{}.bytes();
  for (const std::size_t size : {4UL, 16UL, 63UL, 64UL, 65UL, 64UL + 56, 64UL + 167, 2048UL, 2048UL + 12,
                                 2048UL + 23, 4096UL, 4096UL + 8191, whole.size() - 1}) {
    INFO(size);
    CHECK_FALSE(load(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  CHECK(load(whole));
}

TEST_CASE("ELF: another class, machine or type is refused", "[boot]") {
  CHECK(says(refusal([](auto& i) { i.header.e_ident[EI_CLASS] = ELFCLASS32; }), "64-bit x86"));
  CHECK(says(refusal([](auto& i) { i.header.e_machine = EM_AARCH64; }), "64-bit x86"));
  CHECK(says(refusal([](auto& i) { i.header.e_type = ET_REL; }), "64-bit x86"));
}

TEST_CASE("ELF: program headers that lie outside, are odd, or too many are refused", "[boot]") {
  CHECK(says(refusal([](auto& i) { i.header.e_phoff = ~0ULL; }), "program headers"));
  CHECK(says(refusal([](auto& i) { i.header.e_phoff = ~0ULL - 100; }), "program headers"));
  CHECK(says(refusal([](auto& i) { i.header.e_phentsize = 8; }), "odd size"));
  CHECK(says(refusal([](auto& i) { i.header.e_phnum = 0xffff; }), "too many"));
  CHECK(says(refusal([](auto& i) { i.header.e_phnum = 0; }), "nothing to load"));
}

TEST_CASE("ELF: a segment that lies outside the file, wraps, or shrinks in memory is refused", "[boot]") {
  CHECK(says(refusal([](auto& i) { i.segments[0].p_offset = ~0ULL; }), "beyond the file"));
  CHECK(says(refusal([](auto& i) { i.segments[0].p_filesz = ~0ULL; }), "beyond the file"));
  CHECK(says(refusal([](auto& i) { i.segments[0].p_memsz = 1; }), "larger in the file"));
  CHECK(says(refusal([](auto& i) { i.segments[1].p_memsz = ~0ULL - 4096; }), "wraps"));
  CHECK(says(refusal([](auto& i) { i.segments[0].p_paddr = ~0ULL - 4096; }), "wraps"));
}

TEST_CASE("ELF: a segment over the boot data, over another, or over the end of RAM is refused", "[boot]") {
  CHECK(says(refusal([](auto& i) { i.segments[0].p_paddr = 0x7000; }), "below 1 MiB"));
  CHECK(says(refusal([](auto& i) { i.segments[1].p_paddr = elf_load_address + 4096; }), "overlap"));
  CHECK(says(refusal([](auto& i) { i.segments[1].p_memsz = 1ULL << 32; }), "too little"));
  CHECK(says(refusal([](auto& i) { i.segments[1].p_paddr = 0x1'0000'0000; }), "too little"));
}

TEST_CASE("ELF: a note that lies is refused", "[boot]") {
  CHECK(says(refusal([](auto& i) { i.note.n_namesz = 0xffff'ffff; }), "note ends beyond"));
  CHECK(says(refusal([](auto& i) { i.note.n_descsz = 0xffff'ffff; }), "note ends beyond"));
  CHECK(says(refusal([](auto& i) { i.note.n_descsz = 5; }), "odd size"));
  CHECK(says(refusal([](auto& i) { i.segments[2].p_filesz = 1ULL << 40; }), "too long"));
  CHECK(says(refusal([](auto& i) { i.segments[2].p_offset = ~0ULL; }), "notes"));
  CHECK(says(refusal([](auto& i) { i.note.n_type = 17; }), "no PVH entry"));
  CHECK(says(refusal([](auto& i) { i.segments[2].p_type = PT_NULL; }), "no PVH entry"));
}

TEST_CASE("ELF: an entry outside the loaded bytes is refused", "[boot]") {
  for (const auto entry : std::array<std::uint64_t, 4>{0x7000, elf_load_address - 1, elf_load_address + 12288,
                                                       ~std::uint64_t{0}}) {
    INFO(entry);
    CHECK(says(refusal([entry](auto& i) { i.entry = entry; }), "outside its segments"));
  }
}
