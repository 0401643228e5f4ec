#include "vmm/boot/bzimage.hpp"

#include <algorithm>
#include <cstddef>

#include <asm/bootparam.h>

#include "base/checked.hpp"
#include "vmm/boot/initrd.hpp"
#include "vmm/boot/memory_map.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::boot {
namespace {

constexpr std::uint64_t header_offset = 0x1f1;
constexpr std::uint64_t magic_offset = 0x202;
constexpr std::uint32_t header_magic = 0x5372'6448;  // "HdrS"
constexpr std::uint16_t needed_version = 0x020c;
constexpr std::uint64_t sector_bytes = 512;
constexpr std::uint64_t entry_64bit_offset = 0x200;
constexpr std::uint8_t loader_without_number = 0xff;
static_assert(offsetof(boot_params, hdr) == header_offset);
static_assert(offsetof(boot_params, acpi_rsdp_addr) == 0x70);
static_assert(sizeof(boot_params) == 4096);

/// The setup header: as long as the file says, never longer than this build knows.
Result<setup_header> read_header(const ImageFile& kernel) {
  setup_header header{};
  // The second byte of the jump over the header says where it ends (boot.rst, "jump").
  const auto jump =
      IMMURE_TRY(kernel.read<std::uint16_t>(offsetof(boot_params, hdr.jump), "the setup header"));
  const std::uint64_t end = magic_offset + (jump >> 8);
  const auto length = std::min<std::uint64_t>(end - header_offset, sizeof(header));
  IMMURE_TRY(kernel.read_bytes(header_offset, writable_bytes_of(header).first(length), "the setup header"));
  return header;
}

Result<void> check_header(const ImageFile& kernel, const setup_header& header) {
  if (header.header != header_magic) return kernel.refuse("has no setup header");
  if (header.version < needed_version) return kernel.refuse("its boot protocol is older than 2.12");
  if ((header.loadflags & LOADED_HIGH) == 0) return kernel.refuse("is a zImage, which loads too low");
  if ((header.xloadflags & XLF_KERNEL_64) == 0) return kernel.refuse("has no 64-bit entry");
  return {};
}

/// Where the protected-mode code lies in the file.
struct Payload {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

Result<Payload> find_payload(const ImageFile& kernel, const setup_header& header) {
  const std::uint64_t sectors = header.setup_sects == 0 ? 4 : header.setup_sects;
  const auto offset = (sectors + 1) * sector_bytes;
  if (offset >= kernel.size()) return kernel.refuse("ends before its protected-mode code");
  const auto present = kernel.size() - offset;
  const auto stated = std::uint64_t{header.syssize} * 16;
  // The size is stated in units of 16 bytes, and data behind it (a signature) is not code.
  if (stated > present + 15) {
    return kernel.refuse("is truncated: " + std::to_string(stated) + " bytes of code are stated, " +
                         std::to_string(present) + " are there");
  }
  if (stated <= entry_64bit_offset) return kernel.refuse("its code ends before its entry");
  return Payload{.offset = offset, .size = std::min(stated, present)};
}

/// Where the kernel wants to be. It decompresses itself within init_size bytes from there.
Result<std::uint64_t> load_address(const ImageFile& kernel, const setup_header& header,
                                   const Payload& payload, const GuestMemory& memory) {
  const bool relocatable = header.relocatable_kernel != 0;
  const std::uint64_t address = relocatable ? header.pref_address : layout::kernel_area_start;
  const std::uint64_t room = std::max<std::uint64_t>(header.init_size, payload.size);
  if (address < layout::kernel_area_start) return kernel.refuse("wants to be loaded below 1 MiB");
  if (!range_fits(address, room, low_memory_end(memory))) {
    return kernel.refuse("needs " + std::to_string(room) + " bytes from address " + std::to_string(address) +
                         " on: the guest has too little memory");
  }
  return address;
}

void fill_memory_map(boot_params& params, const GuestMemory& memory) {
  for (const auto& entry : memory_map(memory)) {
    params.e820_table[params.e820_entries] = {
        .addr = entry.start, .size = entry.size, .type = static_cast<std::uint32_t>(entry.type)};
    ++params.e820_entries;
  }
}

}  // namespace

Result<bool> is_bzimage(const ImageFile& kernel) {
  if (kernel.size() < magic_offset + sizeof(header_magic)) return false;
  return IMMURE_TRY(kernel.read<std::uint32_t>(magic_offset, "the magic")) == header_magic;
}

Result<BootEntry> load_bzimage(const GuestMemory& memory, const BootRequest& request) {
  const auto header = IMMURE_TRY(read_header(request.kernel));
  IMMURE_TRY(check_header(request.kernel, header));
  const auto payload = IMMURE_TRY(find_payload(request.kernel, header));
  const auto address = IMMURE_TRY(load_address(request.kernel, header, payload, memory));
  if (request.command_line.size() > header.cmdline_size) {
    return request.kernel.refuse("takes a command line of at most " + std::to_string(header.cmdline_size) +
                                 " bytes");
  }
  IMMURE_TRY(
      request.kernel.load(payload.offset, payload.size, memory, GuestAddress{address}, "the kernel's code"));
  const auto kernel_end = address + std::max<std::uint64_t>(header.init_size, payload.size);
  const auto initrd_limit = std::uint64_t{header.initrd_addr_max} + 1;
  const auto initrd = IMMURE_TRY(load_initrd(memory, request, kernel_end, initrd_limit));

  boot_params params{};
  params.hdr = header;
  params.hdr.type_of_loader = loader_without_number;
  params.hdr.setup_data = 0;
  params.hdr.ramdisk_image = static_cast<std::uint32_t>(initrd.start);
  params.hdr.ramdisk_size = static_cast<std::uint32_t>(initrd.size);
  params.hdr.cmd_line_ptr = static_cast<std::uint32_t>(layout::command_line_start);
  params.acpi_rsdp_addr = raw(request.rsdp);
  fill_memory_map(params, memory);
  IMMURE_TRY(memory.write_object(GuestAddress{layout::boot_info_start}, params));
  IMMURE_TRY(write_command_line(memory, request.command_line));
  IMMURE_TRY(write_long_mode_tables(memory));
  return BootEntry{.mode = EntryMode::long_mode,
                   .instruction = GuestAddress{address + entry_64bit_offset},
                   .boot_info = GuestAddress{layout::boot_info_start}};
}

}  // namespace immure::vmm::boot
