#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "vmm/memory/guest_memory.hpp"
#include "vmm/pci/config_space.hpp"

namespace immure::vmm {

/// One PCI function with at most one BAR (BAR 0: 32-bit memory). The public calls come from vCPU threads,
/// several at once perhaps; each takes the function's one lock, and the protected hooks run under it.
class PciDevice {
 public:
  /// `bar_size` is a power of two of at least 4 KiB, or 0: no BAR.
  PciDevice(const pci::ConfigHeader& header, std::uint32_t bar_size);
  PciDevice(const PciDevice&) = delete;
  PciDevice& operator=(const PciDevice&) = delete;
  virtual ~PciDevice() = default;

  /// The guest's accesses to the configuration space; `offset` is guest-controlled, below 4096.
  void read_config(std::uint64_t offset, std::span<std::byte> data);
  void write_config(std::uint64_t offset, std::span<const std::byte> data);

  /// The guest's accesses to memory; false where `address` is not in the BAR or the BAR does not answer.
  bool read_memory(GuestAddress address, std::span<std::byte> data);
  bool write_memory(GuestAddress address, std::span<const std::byte> data);

  [[nodiscard]] std::uint32_t bar_size() const { return bar_size_; }
  /// Before the machine runs: where BAR 0 lies until the guest moves it.
  void place_bar(GuestAddress start);
  /// Before the machine runs: this is function 0 of a slot that may have others.
  void announce_functions();

  /// At the machine's end, when no vCPU runs any more: makes everything durable.
  virtual Result<void> shut_down() { return {}; }

 protected:
  /// An access to the BAR, inside it.
  virtual void read_bar(std::uint64_t /*offset*/, std::span<std::byte> /*data*/) {}
  virtual void write_bar(std::uint64_t /*offset*/, std::span<const std::byte> /*data*/) {}
  /// The guest is about to read, or has just written, these bytes of the configuration space.
  virtual void before_config_read(std::uint64_t /*offset*/, std::size_t /*size*/) {}
  virtual void after_config_write(std::uint64_t /*offset*/, std::size_t /*size*/) {}
  /// The BAR answers from now on at `start`, or not at all.
  virtual void bar_moved(std::optional<GuestAddress> /*start*/) {}

  std::mutex& mutex() { return mutex_; }
  pci::ConfigSpace& config() { return config_; }

 private:
  [[nodiscard]] std::optional<GuestAddress> programmed_bar() const;
  [[nodiscard]] std::optional<std::uint64_t> offset_in_bar(GuestAddress address, std::size_t size) const;
  void update_bar();

  std::mutex mutex_;
  pci::ConfigSpace config_;
  std::uint32_t bar_size_;
  /// Where the BAR answers, 0: nowhere. Written under the lock; read without it, so that an access to one
  /// device never waits for another that is busy.
  std::atomic<std::uint64_t> bar_start_{0};
};

}  // namespace immure::vmm
