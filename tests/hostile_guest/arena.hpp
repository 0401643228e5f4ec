#pragma once

#include "tests/hostile_guest/machine.hpp"

/// The memory that devices are shown, and how it is found out that they wrote anywhere else. The kernel
/// itself lies in front of the end of memory (CMakeLists.txt), where no page number leads that a device could
/// make of a count of its own.
namespace hostile {

constexpr u64 arena_start = 0x100'0000;
constexpr u64 arena_bytes = 0x80'0000;
constexpr u64 arena_end = arena_start + arena_bytes;

/// The first address behind RAM, as the VMM's memory map has it.
u64 memory_end();

/// Fills the guards on both sides of the arena and at the end of memory, and takes the code for good as it
/// is.
void raise_guards();

/// Everything that was taken is forgotten.
void clear_arena();
/// Zeroed memory between canaries.
u64 take(u64 bytes, u64 alignment = 64);
template <typename T>
T& take_object() {
  return *reinterpret_cast<T*>(take(sizeof(T)));
}

/// Nothing but what was taken has been written: canaries, guards, and the kernel's code.
bool is_intact();
/// The kernel's code and the end of memory alone.
bool is_kernel_intact();

void fill(u64 address, u64 bytes, u8 value);
bool is_filled_with(u64 address, u64 bytes, u8 value);
bool are_equal(u64 one, u64 other, u64 bytes);

}  // namespace hostile
