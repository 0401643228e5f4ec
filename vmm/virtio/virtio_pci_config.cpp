// What a virtio function does when its configuration space is touched.
#include <array>

#include "base/checked.hpp"
#include "vmm/virtio/virtio_pci_device.hpp"

namespace immure::vmm::virtio {

namespace {

constexpr std::size_t header_bytes = 2;  // id and next pointer, in front of every capability
constexpr std::size_t window_bar = header_bytes + offsetof(VirtioPciCapability, bar);
constexpr std::size_t window_offset = header_bytes + offsetof(VirtioPciCapability, offset);
constexpr std::size_t window_size = header_bytes + offsetof(VirtioPciCapability, size);
constexpr std::size_t window_data = header_bytes + offsetof(VirtioPciCapability, extra);

bool overlap(std::uint64_t start, std::size_t size, std::uint64_t other, std::size_t other_size) {
  return start < other + other_size && other < start + size;
}

}  // namespace

/// What the driver asks for through VIRTIO_PCI_CAP_PCI_CFG (4.1.4.9): an aligned access of 1, 2 or 4 bytes
/// inside BAR 0, or nothing.
std::optional<VirtioPciDevice::WindowAccess> VirtioPciDevice::window_access() {
  const auto which = config().get<std::uint8_t>(window_capability_ + window_bar);
  const auto offset = config().get<std::uint32_t>(window_capability_ + window_offset);
  const auto size = config().get<std::uint32_t>(window_capability_ + window_size);
  if (which != 0 || (size != 1 && size != 2 && size != 4) || offset % size != 0) return std::nullopt;
  if (!range_fits(offset, size, bar::size)) return std::nullopt;
  return WindowAccess{.offset = offset, .size = size};
}

void VirtioPciDevice::before_config_read(std::uint64_t offset, std::size_t size) {
  const auto data_start = window_capability_ + window_data;
  if (!overlap(offset, size, data_start, sizeof(std::uint32_t))) return;
  const auto access = window_access();
  if (!access) return;
  std::array<std::byte, 4> data{};
  read_bar(access->offset, std::span(data).first(access->size));
  config().set(data_start, data);
}

void VirtioPciDevice::after_config_write(std::uint64_t offset, std::size_t size) {
  if (overlap(offset, size, msix_capability_, header_bytes + sizeof(pci::MsixCapability)))
    warn_of(msix_.set_control(config().get<std::uint16_t>(msix_capability_ + header_bytes)));

  const auto data_start = window_capability_ + window_data;
  if (!overlap(offset, size, data_start, sizeof(std::uint32_t))) return;
  const auto access = window_access();
  if (!access) return;
  const auto data = config().get<std::array<std::byte, 4>>(data_start);
  write_bar(access->offset, std::span(data).first(access->size));
}

/// KVM watches the doorbells where the BAR is now. Where it cannot (a guest may lay two BARs over each
/// other), the write comes to write_bar() instead.
void VirtioPciDevice::bar_moved(std::optional<GuestAddress> start) {
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    auto& queue = queues_[i];
    if (queue.doorbell_address) {
      warn_of(events_.remove_doorbell(*queue.doorbell_address, queue.doorbell.get()));
      queue.doorbell_address.reset();
    }
    if (!start) continue;
    const auto address = *start + bar::notify + i * bar::notify_multiplier;
    auto added = events_.add_doorbell(address, queue.doorbell.get());
    if (added) queue.doorbell_address = address;
    warn_of(added);
  }
}

}  // namespace immure::vmm::virtio
