#pragma once

#include "vmm/boot/boot_request.hpp"

namespace immure::vmm::boot {

/// Where the initrd lies; both 0 where there is none.
struct InitrdPlace {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

/// Loads the initrd as high as it goes: its last byte below `limit`, its first at or above `floor`, where the
/// kernel ends.
Result<InitrdPlace> load_initrd(const GuestMemory& memory, const BootRequest& request, std::uint64_t floor,
                                std::uint64_t limit);

/// Puts the command line, NUL-terminated, at layout::command_line_start.
Result<void> write_command_line(const GuestMemory& memory, std::string_view command_line);

}  // namespace immure::vmm::boot
