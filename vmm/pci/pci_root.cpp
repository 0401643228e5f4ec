#include "vmm/pci/pci_root.hpp"

#include <algorithm>
#include <string>

#include "base/checked.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/pci/host_bridge.hpp"

namespace immure::vmm {

namespace {

constexpr std::uint64_t function_size = 4096;  // of configuration space, per function

}  // namespace

PciRoot::PciRoot() : next_bar_(layout::pci_window_start) {
  devices_.push_back(std::make_unique<pci::HostBridge>());
}

Result<void> PciRoot::add(std::unique_ptr<PciDevice> device) {
  const auto before = devices_.size() - 1;  // without the host bridge
  if (before == (slots - 1) * in_slot_)
    return invalid("the PCI bus is full: at most " + std::to_string(before) +
                   " devices beside the host bridge");
  if (const std::uint64_t size = device->bar_size(); size != 0) {
    const auto start = (next_bar_ + size - 1) / size * size;
    if (!range_fits(start - layout::pci_window_start, size, layout::pci_window_size))
      return invalid("the PCI window is full");
    device->place_bar(GuestAddress{start});
    next_bar_ = start + size;
  }
  if (in_slot_ != 1 && before % in_slot_ == 0) device->announce_functions();
  devices_.push_back(std::move(device));
  return {};
}

Result<void> PciRoot::shut_down() {
  Result<void> first;
  for (const auto& device : devices_) {
    if (auto result = device->shut_down(); !result && first) first = std::move(result);
  }
  return first;
}

/// The device behind an access that lies in one existing function; the host bridge shares its slot with
/// nobody.
PciDevice* PciRoot::Ecam::find(std::uint64_t offset, std::size_t size) const {
  if (!range_fits<std::uint64_t>(offset % function_size, size, function_size)) return nullptr;
  const auto slot = offset / function_size / functions;
  const auto function = offset / function_size % functions;
  if (function >= (slot == 0 ? 1 : root_.in_slot_)) return nullptr;
  const auto place = slot == 0 ? 0 : 1 + (slot - 1) * root_.in_slot_ + function;
  return place < root_.devices_.size() ? root_.devices_[place].get() : nullptr;
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
    if (device->read_memory(address, data)) return;
  std::ranges::fill(data, std::byte{0xff});
}

void PciRoot::Window::write(std::uint64_t offset, std::span<const std::byte> data) {
  const GuestAddress address{layout::pci_window_start + offset};
  for (const auto& device : root_.devices_)
    if (device->write_memory(address, data)) return;
}

}  // namespace immure::vmm
