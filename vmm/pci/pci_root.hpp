#pragma once

#include <array>
#include <memory>

#include "vmm/devices/io_handler.hpp"
#include "vmm/pci/pci_device.hpp"

namespace immure::vmm {

/// PCI bus 0: up to 32 functions, the host bridge first, reached through ECAM (PCI Express 5.0, 7.2.2) and
/// the memory window of machine_layout.hpp. There is no firmware: every BAR is placed by add(). Filled before
/// the machine runs and fixed from then on.
class PciRoot {
 public:
  static constexpr std::size_t slots = 32;

  PciRoot();

  /// Puts the device into the next slot and its BAR into the window. An Error where one of them is full.
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

  std::array<std::unique_ptr<PciDevice>, slots> devices_;
  std::size_t device_count_ = 0;
  std::uint64_t next_bar_;
  Ecam ecam_{*this};
  Window window_{*this};
};

}  // namespace immure::vmm
