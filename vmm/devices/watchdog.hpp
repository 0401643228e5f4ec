#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "base/unique_fd.hpp"
#include "vmm/devices/ending.hpp"
#include "vmm/devices/io_handler.hpp"

namespace immure::vmm {

/// A watchdog: once the guest's driver has started it, the machine ends when the guest does not kick it in
/// time. Its registers are few, since an ACPI table says how to use them (acpi/wdat.hpp). It counts seconds
/// in which the VMM ran: a guest that was paused is not late.
class Watchdog : public IoHandler {
 public:
  static constexpr std::uint64_t control_offset = 0;    ///< a byte: 1 runs, 0 is stopped
  static constexpr std::uint64_t kick_offset = 1;       ///< a byte: writing anything starts the time anew
  static constexpr std::uint64_t timeout_offset = 2;    ///< a word: seconds; writing starts the time anew
  static constexpr std::uint64_t remaining_offset = 4;  ///< a word: seconds; read-only
  static constexpr std::uint16_t default_timeout = 30;

  /// `expiry` is how the machine ends then. `ending` outlives the device.
  static Result<std::unique_ptr<Watchdog>> create(Ending& ending, policy::VmmExit expiry);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

  /// Readable once a second while it runs: call tick() then.
  [[nodiscard]] int timer() const { return timer_.get(); }
  /// One second passed, or several of which the VMM saw nothing.
  void tick();

 private:
  Watchdog(Ending& ending, policy::VmmExit expiry, UniqueFd timer)
      : ending_(ending), expiry_(expiry), timer_(std::move(timer)) {}
  void set_running(bool runs);

  Ending& ending_;
  policy::VmmExit expiry_;
  UniqueFd timer_;
  std::mutex mutex_;
  bool is_running_ = false;
  std::uint16_t timeout_ = default_timeout;
  std::uint16_t remaining_ = default_timeout;
};

}  // namespace immure::vmm
