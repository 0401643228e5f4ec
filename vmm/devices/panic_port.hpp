#pragma once

#include <cstdint>

#include "vmm/devices/ending.hpp"
#include "vmm/devices/io_handler.hpp"

namespace immure::vmm {

/// Where a guest's kernel says that it panicked: pvpanic (QEMU docs/specs/pvpanic.rst, Linux
/// drivers/misc/pvpanic). The machine ends then, as one that crashed; otherwise it would hang or reboot for
/// ever, as the guest likes.
class PanicPort : public IoHandler {
 public:
  static constexpr std::uint8_t panicked = 1;
  /// A kernel for the crash (kdump) takes over: the machine goes on.
  static constexpr std::uint8_t crash_kernel_loaded = 2;

  /// `ending` outlives the device.
  explicit PanicPort(Ending& ending) : ending_(ending) {}

  /// Which events are understood.
  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  Ending& ending_;
};

}  // namespace immure::vmm
