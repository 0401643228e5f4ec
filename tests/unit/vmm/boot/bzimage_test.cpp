#include "vmm/boot/bzimage.hpp"

#include <asm/bootparam.h>
#include <catch2/catch_test_macros.hpp>
#include <sys/mman.h>

#include "tests/unit/vmm/boot/boot_fixture.hpp"
#include "vmm/boot/loader.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;
using test::Bytes;
using test::Images;
using test::put;

namespace {

constexpr std::size_t setup_bytes = 5 * 512;  // the boot sector and setup_sects = 4
constexpr std::size_t code_bytes = 8192;

template <typename Change>
Bytes bzimage(Change change) {
  setup_header header{};
  header.setup_sects = 4;
  header.syssize = code_bytes / 16;
  header.boot_flag = 0xaa55;
  header.jump = 0x6aeb;  // as long as the newest header
  header.header = 0x5372'6448;
  header.version = 0x020f;
  header.loadflags = LOADED_HIGH;
  header.initrd_addr_max = 0x7fff'ffff;
  header.relocatable_kernel = 1;
  header.xloadflags = XLF_KERNEL_64;
  header.cmdline_size = 2047;
  header.pref_address = 0x100'0000;
  header.init_size = 1 << 20;
  change(header);
  Bytes image(setup_bytes + code_bytes, std::byte{0x90});
  put(image, 0x1f1, header);
  return image;
}

Bytes bzimage() {
  return bzimage([](setup_header&) {});
}

Result<boot::BootEntry> load(const Bytes& image, std::uint64_t memory_bytes = 64 << 20) {
  const auto memory = GuestMemory::create(memory_bytes).value();
  const Images images(image);
  return boot::load(memory, images.request());
}

}  // namespace

TEST_CASE("bzImage: a good one starts at its 64-bit entry with a zero page", "[boot]") {
  const auto memory = GuestMemory::create(64 << 20).value();
  Images images(bzimage());
  images.set_initrd(Bytes(5000, std::byte{7}));
  const auto entry = boot::load(memory, images.request("quiet"));
  REQUIRE(entry);
  CHECK(entry->mode == boot::EntryMode::long_mode);
  CHECK(raw(entry->instruction) == 0x100'0200);
  CHECK(memory.read_object<std::uint8_t>(GuestAddress{0x100'0000}).value() == 0x90);

  const auto params = memory.read_object<boot_params>(entry->boot_info).value();
  CHECK(params.acpi_rsdp_addr == 0xe'0000);
  CHECK(params.hdr.type_of_loader == 0xff);
  CHECK(params.hdr.ramdisk_size == 5000);
  CHECK(params.hdr.ramdisk_image % 4096 == 0);
  CHECK(params.hdr.ramdisk_image + 5000U <= 64U << 20);
  CHECK(memory.read_object<std::uint8_t>(GuestAddress{params.hdr.ramdisk_image}).value() == 7);
  CHECK(params.e820_entries >= 3);
  CHECK(memory.read_object<std::array<char, 6>>(GuestAddress{params.hdr.cmd_line_ptr}).value() ==
        std::array{'q', 'u', 'i', 'e', 't', '\0'});
}

TEST_CASE("bzImage: RAM is told of without holes that do not exist and without what is not RAM", "[boot]") {
  const auto memory = GuestMemory::create(4ULL << 30).value();
  const Images images(bzimage());
  const auto entry = boot::load(memory, images.request()).value();
  const auto params = memory.read_object<boot_params>(entry.boot_info).value();
  std::uint64_t ram = 0;
  std::uint64_t last_end = 0;
  for (std::size_t i = 0; i < params.e820_entries; ++i) {
    const auto item = params.e820_table[i];
    CHECK(item.addr >= last_end);
    last_end = item.addr + item.size;
    if (item.type == 1) {
      ram += item.size;
      CHECK((last_end <= layout::low_memory_end || item.addr >= layout::high_memory_start));
    }
  }
  CHECK(ram == (4ULL << 30) - (1ULL << 20) + layout::low_ram_end);
}

TEST_CASE("bzImage: truncated anywhere it is refused, never read beyond its end", "[boot]") {
  const auto whole = bzimage();
  for (const std::size_t size :
       {0UL, 1UL, 0x1f1UL, 0x201UL, 0x202UL, 0x205UL, 0x206UL, 0x230UL, 0x26bUL, 0x26cUL, setup_bytes - 1,
        setup_bytes, setup_bytes + 1, setup_bytes + 0x200, whole.size() - 16}) {
    INFO(size);
    CHECK_FALSE(load(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  CHECK(load(whole));
}

TEST_CASE("bzImage: a header that lies is refused, with the reason", "[boot]") {
  const auto refused = [](auto change) {
    const auto outcome = load(bzimage(change));
    REQUIRE_FALSE(outcome);
    return outcome.error().message;
  };
  CHECK(refused([](auto& h) { h.version = 0x020b; }).find("2.12") != std::string::npos);
  CHECK(refused([](auto& h) { h.xloadflags = 0; }).find("64-bit") != std::string::npos);
  CHECK(refused([](auto& h) { h.loadflags = 0; }).find("zImage") != std::string::npos);
  CHECK(refused([](auto& h) { h.syssize = 0xffff'ffff; }).find("truncated") != std::string::npos);
  CHECK(refused([](auto& h) { h.syssize = 0; }).find("entry") != std::string::npos);
  CHECK(refused([](auto& h) { h.setup_sects = 0xff; }).find("ends before") != std::string::npos);
  CHECK(refused([](auto& h) { h.init_size = 0xffff'ffff; }).find("too little memory") != std::string::npos);
  CHECK(refused([](auto& h) { h.pref_address = ~0ULL; }).find("too little memory") != std::string::npos);
  CHECK(refused([](auto& h) { h.pref_address = 0x1000; }).find("below 1 MiB") != std::string::npos);
  CHECK(refused([](auto& h) { h.cmdline_size = 3; }).find("command line") != std::string::npos);
}

TEST_CASE("bzImage: data behind the code, such as a signature, is not loaded", "[boot]") {
  auto image = bzimage();
  image.resize(image.size() + 4096, std::byte{0xcc});
  const auto memory = GuestMemory::create(64 << 20).value();
  const Images images(image);
  REQUIRE(boot::load(memory, images.request()));
  CHECK(memory.read_object<std::uint8_t>(GuestAddress{0x100'0000 + code_bytes}).value() == 0);
}

TEST_CASE("bzImage: a kernel that cannot be moved is loaded at 1 MiB", "[boot]") {
  const auto entry = load(bzimage([](auto& h) { h.relocatable_kernel = 0; }));
  REQUIRE(entry);
  CHECK(raw(entry->instruction) == 0x10'0200);
}

TEST_CASE("bzImage: a file that is neither bzImage nor ELF is refused", "[boot]") {
  CHECK_FALSE(load(Bytes(10 << 20, std::byte{0x41})));
}

TEST_CASE("images that could change while they are checked are refused", "[boot]") {
  const UniqueFd fd(::memfd_create("kernel", MFD_ALLOW_SEALING | MFD_CLOEXEC));
  CHECK_FALSE(boot::ImageFile::open(fd.get(), "kernel"));
}
