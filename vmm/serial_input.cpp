#include "vmm/serial_input.hpp"

#include <array>

#include <unistd.h>

namespace immure::vmm {

void SerialInput::serve() {
  serial_.clear_room_event();
  std::array<std::byte, Serial::input_capacity> buffer{};
  // Each turn takes at most what fits, so this ends: only this thread fills the port.
  while (const auto room = serial_.input_space()) {
    const auto size = ::read(fd_, buffer.data(), room);
    if (size <= 0) return;
    serial_.receive(std::span(buffer).first(static_cast<std::size_t>(size)));
  }
}

}  // namespace immure::vmm
