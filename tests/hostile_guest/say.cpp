#include "tests/hostile_guest/say.hpp"

#include "vmm/machine_layout.hpp"

namespace hostile {

namespace layout = immure::vmm::layout;

void Line::send() const {
  // On a line of its own, whatever an attack has left there.
  out_string(layout::serial_port, "\n", 1);
  out_string(layout::serial_port, text_, size_);
  out_string(layout::serial_port, "\n", 1);
}

void power_off() {
  for (;;) {
    out<u8>(layout::power_port, 0x34);  // vmm/devices/power.hpp: sleep enable, type 5
    asm volatile("cli; hlt");
  }
}

}  // namespace hostile
