#pragma once

#include <cstddef>
#include <span>

namespace immure::hostile {

/// A whole program that only ends, to be written somewhere and run: ELF, static, x86-64. Shape: elf(5).
std::span<const std::byte> tiny_program();

}  // namespace immure::hostile
