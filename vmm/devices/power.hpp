#pragma once

#include <atomic>
#include <cstdint>

#include "vmm/devices/ending.hpp"
#include "vmm/devices/interrupt_line.hpp"
#include "vmm/devices/io_handler.hpp"

namespace immure::vmm {

/// The machine's power, as hardware-reduced ACPI has it (ACPI 6.5, 4.8.3.6 "Reset register", 4.8.3.7 "Sleep
/// control and status registers") and one register of our own that says why the generic event device fired.
class Power : public IoHandler {
 public:
  static constexpr std::uint64_t sleep_control_offset = 0;
  static constexpr std::uint64_t sleep_status_offset = 1;
  static constexpr std::uint64_t reset_offset = 2;
  static constexpr std::uint64_t event_select_offset =
      3;  ///< reading gives the pending events and clears them
  static constexpr std::uint8_t reset_value = 1;
  static constexpr std::uint8_t soft_off_type = 5;  ///< SLP_TYPx of \_S5
  static constexpr std::uint8_t event_power_button = 1;

  /// `ending` and `event_line` outlive the device.
  Power(Ending& ending, InterruptLine& event_line) : ending_(ending), event_line_(event_line) {}

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Presses the power button: the guest is asked, not forced.
  void press_button();
  /// Presses the reset button: the guest is not asked.
  void press_reset();

 private:
  Ending& ending_;
  InterruptLine& event_line_;
  std::atomic<std::uint8_t> events_ = 0;
};

}  // namespace immure::vmm
