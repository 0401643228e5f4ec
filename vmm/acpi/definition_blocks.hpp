#pragma once

#include <cstddef>
#include <span>

namespace immure::vmm::acpi {

// The AML of dsdt.asl and serial.asl, compiled by iasl at build time; whole tables with header and checksum.
std::span<const std::byte> dsdt();
std::span<const std::byte> serial_ssdt();

}  // namespace immure::vmm::acpi
