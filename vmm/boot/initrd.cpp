#include "vmm/boot/initrd.hpp"

#include <algorithm>

#include "vmm/boot/initrd_integrity.hpp"
#include "vmm/boot/memory_map.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::boot {

namespace {

std::uint64_t memory_bytes(const GuestMemory& memory) {
  std::uint64_t sum = 0;
  for (const auto& region : memory.regions()) sum += region.size;
  return sum;
}

}  // namespace

Result<InitrdPlace> load_initrd(const GuestMemory& memory, const BootRequest& request, std::uint64_t floor,
                                std::uint64_t limit) {
  if (!request.initrd) return InitrdPlace{};
  const auto size = request.initrd->size();
  if (size == 0) return request.initrd->refuse("is empty");
  IMMURE_TRY(check_initrd(*request.initrd, memory_bytes(memory)));
  const auto top = std::min(limit, low_memory_end(memory));
  constexpr std::uint64_t page_mask = ~std::uint64_t{0xfff};
  const auto start = size <= top ? (top - size) & page_mask : 0;
  if (start < floor || start == 0) {
    return request.initrd->refuse("its " + std::to_string(size) +
                                  " bytes do not fit between the kernel's end at " + std::to_string(floor) +
                                  " and the limit of " + std::to_string(top) + " bytes");
  }
  IMMURE_TRY(request.initrd->load(0, size, memory, GuestAddress{start}, "the initrd"));
  return InitrdPlace{.start = start, .size = size};
}

Result<void> write_command_line(const GuestMemory& memory, std::string_view command_line) {
  const GuestAddress start{layout::command_line_start};
  IMMURE_TRY(memory.write(start, std::as_bytes(std::span(command_line))));
  return memory.write_object(start + command_line.size(), '\0');
}

}  // namespace immure::vmm::boot
