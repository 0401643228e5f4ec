#include "vmm/boot/pvh.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/boot/elf_fixture.hpp"
#include "vmm/boot/hvm_start_info.hpp"
#include "vmm/boot/loader.hpp"
#include "vmm/boot/memory_map.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;
using test::Bytes;
using test::elf_load_address;
using test::ElfImage;
using test::Images;

TEST_CASE("PVH: a good kernel starts in protected mode with the start info", "[boot]") {
  const auto memory = GuestMemory::create(64 << 20).value();
  Images images(ElfImage{}.bytes());
  images.set_initrd(Bytes(5000, std::byte{7}));
  const auto entry = boot::load(memory, images.request("quiet"));
  REQUIRE(entry);
  CHECK(entry->mode == boot::EntryMode::protected_mode);
  CHECK(raw(entry->instruction) == elf_load_address + 0x40);
  CHECK(memory.read_object<std::uint8_t>(GuestAddress{elf_load_address}).value() == 0x90);

  const auto info = memory.read_object<boot::HvmStartInfo>(entry->boot_info).value();
  CHECK(info.magic == boot::HvmStartInfo::magic_value);
  CHECK(info.version == 1);
  CHECK(info.rsdp == 0xe'0000);
  CHECK(info.memory_map_entries == boot::memory_map(memory).size());
  REQUIRE(info.module_count == 1);
  const auto module = memory.read_object<boot::HvmModule>(GuestAddress{info.module_list}).value();
  CHECK(module.size == 5000);
  CHECK(memory.read_object<std::uint8_t>(GuestAddress{module.address}).value() == 7);
  CHECK(memory.read_object<std::array<char, 6>>(GuestAddress{info.command_line}).value() ==
        std::array{'q', 'u', 'i', 'e', 't', '\0'});
}

TEST_CASE("PVH: without an initrd there is no module", "[boot]") {
  const auto memory = GuestMemory::create(64 << 20).value();
  const Images images(ElfImage{}.bytes());
  const auto entry = boot::load(memory, images.request()).value();
  CHECK(memory.read_object<boot::HvmStartInfo>(entry.boot_info)->module_count == 0);
}

TEST_CASE("PVH: what lies behind a segment's bytes in the file is zero", "[boot]") {
  const auto memory = GuestMemory::create(64 << 20).value();
  const Images images(ElfImage{}.bytes());
  REQUIRE(boot::load(memory, images.request()));
  CHECK(memory.read_object<std::uint8_t>(GuestAddress{elf_load_address + 12288}).value() == 0);
}

TEST_CASE("PVH: start info, modules and memory map do not lie over each other", "[boot]") {
  const auto memory = GuestMemory::create(4ULL << 30).value();
  const auto map_bytes = boot::memory_map(memory).size() * sizeof(boot::HvmMemoryMapEntry);
  CHECK(layout::boot_info_start + 0x200 + map_bytes <= layout::page_tables_start);
}
