#include "vmm/pci/pci_root.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/pci/host_bridge.hpp"

namespace immure::vmm {

namespace {

constexpr std::uint64_t function_size = 4096;  // of configuration space, per function
constexpr std::uint64_t functions_per_device = 8;

}  // namespace

PciRoot::PciRoot() : next_bar_(layout::pci_window_start) {
  devices_[device_count_++] = std::make_unique<pci::HostBridge>();
}

Result<void> PciRoot::add(std::unique_ptr<PciDevice> device) {
  if (device_count_ == slots)
    return invalid("the PCI bus is full: at most 31 devices beside the host bridge");
  if (const std::uint64_t size = device->bar_size(); size != 0) {
    const auto start = (next_bar_ + size - 1) / size * size;
    if (!range_fits(start - layout::pci_window_start, size, layout::pci_window_size))
      return invalid("the PCI window is full");
    device->place_bar(GuestAddress{start});
    next_bar_ = start + size;
  }
  devices_[device_count_++] = std::move(device);
  return {};
}

Result<void> PciRoot::shut_down() {
  Result<void> first;
  for (const auto& device : devices_) {
    if (!device) continue;
    if (auto result = device->shut_down(); !result && first) first = std::move(result);
  }
  return first;
}

/// The device behind an access that lies in one existing function; only function 0 exists.
PciDevice* PciRoot::Ecam::find(std::uint64_t offset, std::size_t size) const {
  if (!range_fits<std::uint64_t>(offset % function_size, size, function_size)) return nullptr;
  const auto function = offset / function_size;
  if (function % functions_per_device != 0) return nullptr;
  const auto slot = function / functions_per_device;
  return slot < slots ? root_.devices_[slot].get() : nullptr;
}

void PciRoot::Ecam::read(std::uint64_t offset, std::span<std::byte> data) {
  if (auto* const device = find(offset, data.size()))
    device->read_config(offset % function_size, data);
  else
    std::ranges::fill(data, std::byte{0xff});
}

void PciRoot::Ecam::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (auto* const device = find(offset, data.size())) device->write_config(offset % function_size, data);
}

void PciRoot::Window::read(std::uint64_t offset, std::span<std::byte> data) {
  const GuestAddress address{layout::pci_window_start + offset};
  for (const auto& device : root_.devices_)
    if (device && device->read_memory(address, data)) return;
  std::ranges::fill(data, std::byte{0xff});
}

void PciRoot::Window::write(std::uint64_t offset, std::span<const std::byte> data) {
  const GuestAddress address{layout::pci_window_start + offset};
  for (const auto& device : root_.devices_)
    if (device && device->write_memory(address, data)) return;
}

}  // namespace immure::vmm
