#include "vmm/devices/ioapic.hpp"

#include <algorithm>
#include <cstring>

namespace immure::vmm {
namespace {

// Memory-mapped registers.
constexpr std::uint64_t select_offset = 0x00;
constexpr std::uint64_t window_offset = 0x10;
constexpr std::uint64_t eoi_offset = 0x40;
// Indirect registers.
constexpr std::uint8_t id_index = 0;
constexpr std::uint8_t version_index = 1;
constexpr std::uint8_t arbitration_index = 2;
constexpr std::uint8_t first_redirection_index = 0x10;
constexpr std::uint32_t version_with_eoi_register = 0x20;

// A redirection entry.
constexpr std::uint64_t vector_mask = 0xff;
constexpr std::uint64_t remote_irr = 1U << 14;
constexpr std::uint64_t level_triggered = 1U << 15;
constexpr std::uint64_t masked = 1U << 16;
constexpr std::uint64_t read_only_bits = (1U << 12) | remote_irr;
constexpr std::uint64_t defined_bits = 0xff00'0000'0001'ffff;

/// The message that the entry stands for (Intel SDM vol. 3A, 11.11 "Message signalled interrupts").
MsiMessage message_of(std::uint64_t redirection) {
  const std::uint64_t destination = redirection >> 56;
  const std::uint64_t destination_mode = (redirection >> 11) & 1;
  const auto delivery_mode = static_cast<std::uint32_t>(redirection & 0x700);
  const bool is_level = (redirection & level_triggered) != 0;
  const std::uint32_t trigger = is_level ? (1U << 15) | (1U << 14) : 0;
  return {.address = layout::local_apic_start | (destination << 12) | (destination_mode << 2),
          .data = static_cast<std::uint32_t>(redirection & vector_mask) | delivery_mode | trigger};
}

}  // namespace

void Ioapic::read(std::uint64_t offset, std::span<std::byte> data) {
  const std::scoped_lock lock(mutex_);
  std::uint32_t value = 0;
  if (offset == select_offset) value = selected_;
  if (offset == window_offset) value = read_register();
  std::ranges::fill(data, std::byte{0});
  std::memcpy(data.data(), &value, std::min(data.size(), sizeof(value)));
}

void Ioapic::write(std::uint64_t offset, std::span<const std::byte> data) {
  const std::scoped_lock lock(mutex_);
  std::uint32_t value = 0;
  std::memcpy(&value, data.data(), std::min(data.size(), sizeof(value)));
  if (offset == select_offset) selected_ = static_cast<std::uint8_t>(value);
  if (offset == window_offset) write_register(value);
  if (offset == eoi_offset) finish(static_cast<std::uint8_t>(value));
}

void Ioapic::end_of_interrupt(std::uint8_t vector) {
  const std::scoped_lock lock(mutex_);
  finish(vector);
}

void Ioapic::set_line(std::uint32_t pin, LineLevel level) {
  if (pin >= pins_.size()) return;
  const std::scoped_lock lock(mutex_);
  auto& wire = pins_[pin];
  const bool rises = wire.level == LineLevel::low && level == LineLevel::high;
  wire.level = level;
  if (rises) deliver(wire);
}

std::uint32_t Ioapic::read_register() const {
  if (selected_ == id_index || selected_ == arbitration_index) return id_;
  if (selected_ == version_index) return version_with_eoi_register | ((layout::ioapic_pins - 1) << 16);
  if (selected_ < first_redirection_index) return 0;
  const std::uint32_t index = (selected_ - first_redirection_index) / 2U;
  if (index >= pins_.size()) return 0;
  const auto redirection = pins_[index].redirection;
  return static_cast<std::uint32_t>(selected_ % 2 == 0 ? redirection : redirection >> 32);
}

void Ioapic::write_register(std::uint32_t value) {
  if (selected_ == id_index) id_ = value & 0x0f00'0000;
  if (selected_ < first_redirection_index) return;
  const std::uint32_t index = (selected_ - first_redirection_index) / 2U;
  if (index >= pins_.size()) return;
  auto& pin = pins_[index];
  const auto old = pin.redirection;
  const std::uint64_t written = selected_ % 2 == 0 ? (old & 0xffff'ffff'0000'0000) | value
                                                   : (old & 0xffff'ffff) | (std::uint64_t{value} << 32);
  pin.redirection = (written & defined_bits & ~read_only_bits) | (old & read_only_bits);
  // An edge-triggered interrupt has no end to wait for.
  if ((pin.redirection & level_triggered) == 0) pin.redirection &= ~remote_irr;
  update_route(index);
  // A level that stayed high while the pin was masked is delivered now; an edge that came then is lost, as in
  // the real part.
  if ((pin.redirection & level_triggered) != 0 && pin.level == LineLevel::high) deliver(pin);
}

void Ioapic::update_route(std::uint32_t index) {
  const auto redirection = pins_[index].redirection;
  // Only the end of level-triggered interrupts concerns the kernel; edges are sent as messages.
  const bool is_routed = (redirection & masked) == 0 && (redirection & level_triggered) != 0;
  const auto message = is_routed ? std::optional(message_of(redirection)) : std::nullopt;
  if (const auto done = sink_.route_pin(index, message); !done) log_.warn(done.error().message);
}

void Ioapic::deliver(Pin& pin) {
  if ((pin.redirection & (masked | remote_irr)) != 0) return;
  if ((pin.redirection & level_triggered) != 0) pin.redirection |= remote_irr;
  if (const auto sent = sink_.signal(message_of(pin.redirection)); !sent) log_.warn(sent.error().message);
}

void Ioapic::finish(std::uint8_t vector) {
  for (auto& pin : pins_) {
    if ((pin.redirection & vector_mask) != vector || (pin.redirection & remote_irr) == 0) continue;
    pin.redirection &= ~remote_irr;
    if (pin.level == LineLevel::high) deliver(pin);
  }
}

}  // namespace immure::vmm
