#include "vmm/devices/panic_port.hpp"

#include <algorithm>

namespace immure::vmm {

void PanicPort::read(std::uint64_t /*offset*/, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0});
  data[0] = std::byte{panicked | crash_kernel_loaded};
}

void PanicPort::write(std::uint64_t /*offset*/, std::span<const std::byte> data) {
  if ((std::to_integer<std::uint8_t>(data[0]) & panicked) == 0) return;
  ending_.request(policy::VmmExit::guest_crashed, "the guest's kernel panicked", policy::EndCause::panic);
}

}  // namespace immure::vmm
