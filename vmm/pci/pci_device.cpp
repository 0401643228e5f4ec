#include "vmm/pci/pci_device.hpp"

#include "base/checked.hpp"
#include "vmm/machine_layout.hpp"

namespace immure::vmm {

namespace {

constexpr std::size_t bar0 = offsetof(pci::ConfigHeader, bars);
constexpr std::size_t command = offsetof(pci::ConfigHeader, command);

}  // namespace

PciDevice::PciDevice(const pci::ConfigHeader& header, std::uint32_t bar_size)
    : config_(header), bar_size_(bar_size) {
  // The bits below the size are fixed at 0, which is how the guest finds the size (PCI 3.0, 6.2.5.1).
  if (bar_size_ != 0) config_.set_writable<std::uint32_t>(bar0, ~(bar_size_ - 1));
}

void PciDevice::place_bar(GuestAddress start) {
  const std::scoped_lock lock(mutex_);
  config_.set(bar0, static_cast<std::uint32_t>(raw(start)));
  update_bar();
}

void PciDevice::announce_functions() {
  const std::scoped_lock lock(mutex_);
  config_.set(offsetof(pci::ConfigHeader, header_type), pci::header_type_multifunction);
}

void PciDevice::read_config(std::uint64_t offset, std::span<std::byte> data) {
  const std::scoped_lock lock(mutex_);
  before_config_read(offset, data.size());
  config_.read(offset, data);
}

void PciDevice::write_config(std::uint64_t offset, std::span<const std::byte> data) {
  const std::scoped_lock lock(mutex_);
  config_.write(offset, data);
  update_bar();
  after_config_write(offset, data.size());
}

bool PciDevice::read_memory(GuestAddress address, std::span<std::byte> data) {
  const auto offset = offset_in_bar(address, data.size());
  if (!offset) return false;
  const std::scoped_lock lock(mutex_);
  read_bar(*offset, data);
  return true;
}

bool PciDevice::write_memory(GuestAddress address, std::span<const std::byte> data) {
  const auto offset = offset_in_bar(address, data.size());
  if (!offset) return false;
  const std::scoped_lock lock(mutex_);
  write_bar(*offset, data);
  return true;
}

std::optional<std::uint64_t> PciDevice::offset_in_bar(GuestAddress address, std::size_t size) const {
  const auto start = bar_start_.load(std::memory_order_acquire);
  if (start == 0 || raw(address) < start) return std::nullopt;
  const auto offset = raw(address) - start;
  if (!range_fits<std::uint64_t>(offset, size, bar_size_)) return std::nullopt;
  return offset;
}

/// What the registers say now: an address only where memory decoding is on and the BAR lies wholly inside the
/// window, so that no guest can lay it over RAM, the local APIC or the ECAM.
std::optional<GuestAddress> PciDevice::programmed_bar() const {
  if (bar_size_ == 0 || (config_.get<std::uint16_t>(command) & pci::command_memory) == 0) return std::nullopt;
  const std::uint64_t start = config_.get<std::uint32_t>(bar0);
  if (start < layout::pci_window_start) return std::nullopt;
  if (!range_fits<std::uint64_t>(start - layout::pci_window_start, bar_size_, layout::pci_window_size))
    return std::nullopt;
  return GuestAddress{start};
}

void PciDevice::update_bar() {
  const auto start = programmed_bar();
  const auto raw_start = start ? raw(*start) : 0;
  if (bar_start_.exchange(raw_start, std::memory_order_acq_rel) != raw_start) bar_moved(start);
}

}  // namespace immure::vmm
