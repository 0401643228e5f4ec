#pragma once

#include <cstdint>

namespace immure::vmm {

/// A guest-physical address.
enum class GuestAddress : std::uint64_t {};

constexpr std::uint64_t raw(GuestAddress address) { return static_cast<std::uint64_t>(address); }
/// Wraps like the guest's own arithmetic; GuestMemory checks what comes out.
constexpr GuestAddress operator+(GuestAddress address, std::uint64_t offset) {
  return GuestAddress{raw(address) + offset};
}

}  // namespace immure::vmm
