#pragma once

#include <memory>
#include <vector>

#include "vmm/devices/io_handler.hpp"
#include "vmm/pci/pci_device.hpp"

namespace immure::vmm {

/// PCI bus 0: the host bridge and up to 31 devices with a slot each, or eight times as many that share them,
/// reached through ECAM (PCI Express 5.0, 7.2.2) and the memory window of machine_layout.hpp. There is no
/// firmware: every BAR is placed by add(). Filled before the machine runs and fixed from then on.
class PciRoot {
 public:
  static constexpr std::size_t slots = 32;
  static constexpr std::size_t functions = 8;  ///< of a slot (PCI 3.0, 3.2.2.3.4)

  PciRoot();

  /// Before the first add(): eight devices in each slot, so that more than 31 find a place.
  void share_slots() { in_slot_ = functions; }
  /// Puts the device into the next place and its BAR into the window. An Error where one of them is full.
  Result<void> add(std::unique_ptr<PciDevice> device);

  IoHandler& ecam() { return ecam_; }      ///< for [layout::ecam_start, + ecam_size)
  IoHandler& window() { return window_; }  ///< for [layout::pci_window_start, + pci_window_size)

  /// At the machine's end, on the thread that ran the devices' event loop (it may write to disks, the others
  /// may not): shuts every device down, all of them even where one fails; the first Error.
  Result<void> shut_down();

 private:
  class Ecam final : public IoHandler {
   public:
    explicit Ecam(PciRoot& root) : root_(root) {}
    void read(std::uint64_t offset, std::span<std::byte> data) override;
    void write(std::uint64_t offset, std::span<const std::byte> data) override;

   private:
    [[nodiscard]] PciDevice* find(std::uint64_t offset, std::size_t size) const;
    PciRoot& root_;
  };
  class Window final : public IoHandler {
   public:
    explicit Window(PciRoot& root) : root_(root) {}
    void read(std::uint64_t offset, std::span<std::byte> data) override;
    void write(std::uint64_t offset, std::span<const std::byte> data) override;

   private:
    PciRoot& root_;
  };

  std::vector<std::unique_ptr<PciDevice>> devices_;  // in the order of their places, the host bridge first
  std::size_t in_slot_ = 1;                          // of those after it
  std::uint64_t next_bar_;
  Ecam ecam_{*this};
  Window window_{*this};
};

}  // namespace immure::vmm
