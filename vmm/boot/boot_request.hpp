#pragma once

#include <optional>
#include <string_view>

#include "vmm/boot/image_file.hpp"
#include "vmm/memory/guest_memory.hpp"

namespace immure::vmm::boot {

/// What is to be started.
struct BootRequest {
  ImageFile kernel;
  std::optional<ImageFile> initrd;
  std::string_view command_line;
  GuestAddress rsdp{};  ///< where the ACPI tables start
};

}  // namespace immure::vmm::boot
