#include "vmm/devices/power.hpp"

#include <algorithm>

namespace immure::vmm {
namespace {

// The sleep control register.
constexpr std::uint8_t sleep_enable = 1U << 5;
constexpr unsigned sleep_type_shift = 2;
constexpr std::uint8_t sleep_type_mask = 7;

}  // namespace

void Power::read(std::uint64_t offset, std::span<std::byte> data) {
  std::ranges::fill(data, std::byte{0});
  if (offset != event_select_offset) return;
  const auto events = events_.exchange(0);
  event_line_.set(LineLevel::low);
  data[0] = std::byte{events};
  // A press between the two lines above must not wait for the next one.
  if (events_ != 0) event_line_.set(LineLevel::high);
}

void Power::write(std::uint64_t offset, std::span<const std::byte> data) {
  const auto value = std::to_integer<std::uint8_t>(data[0]);
  if (offset == reset_offset && value == reset_value) {
    ending_.request(policy::VmmExit::guest_reset, "the guest asked for a reset");
  }
  if (offset == sleep_control_offset && (value & sleep_enable) != 0 &&
      ((value >> sleep_type_shift) & sleep_type_mask) == soft_off_type) {
    ending_.request(policy::VmmExit::powered_off, "the guest switched itself off");
  }
}

void Power::press_reset() { ending_.request(policy::VmmExit::guest_reset, "the host asked for a reset"); }

void Power::press_button() {
  events_ |= event_power_button;
  event_line_.set(LineLevel::high);
}

}  // namespace immure::vmm
