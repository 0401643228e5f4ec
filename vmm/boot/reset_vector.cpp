#include "vmm/boot/reset_vector.hpp"

#include <array>

#include "vmm/devices/power.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm::boot {

Result<void> write_reset_vector(const GuestMemory& memory) {
  constexpr std::uint16_t port = layout::power_port + Power::reset_offset;
  constexpr std::array<std::uint8_t, 9> code{
      0xba,      port & 0xff,
      port >> 8,                      // mov dx, port
      0xb0,      Power::reset_value,  // mov al, value
      0xee,                           // out dx, al
      0xf4,                           // hlt
      0xeb,      0xfd,                // jmp to the hlt
  };
  return memory.write_object(GuestAddress{layout::reset_vector}, code);
}

}  // namespace immure::vmm::boot
