#include "vmm/pci/msix.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <sys/eventfd.h>

#include "base/checked.hpp"
#include "base/io.hpp"

namespace immure::vmm::pci {

namespace {

bool is_allowed_access(std::uint64_t offset, std::size_t size) {
  return (size == 4 || size == 8) && offset % size == 0;
}

}  // namespace

Result<Msix> Msix::create(VmEvents& events, std::uint16_t vectors) {
  if (vectors == 0 || vectors > max_vectors) return invalid("a PCI function has 1 to 64 MSI-X vectors");
  Msix msix(events);
  for (std::uint16_t i = 0; i < vectors; ++i) {
    Vector vector;
    vector.event_fd.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!vector.event_fd) return system_error("eventfd for an MSI-X vector");
    vector.gsi = IMMURE_TRY(events.add_msi(vector.event_fd.get()));
    msix.vectors_.push_back(std::move(vector));
  }
  return msix;
}

void Msix::read_table(std::uint64_t offset, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{0xff});
  if (!is_allowed_access(offset, data.size())) return;
  const auto index = offset / sizeof(MsixEntry);
  if (index >= vectors_.size()) return;
  const auto bytes = bytes_of(vectors_[index].entry);
  std::ranges::copy(bytes.subspan(offset % sizeof(MsixEntry), data.size()), data.begin());
}

Result<void> Msix::write_table(std::uint64_t offset, std::span<const std::byte> data) {
  if (!is_allowed_access(offset, data.size())) return {};
  const auto index = offset / sizeof(MsixEntry);
  if (index >= vectors_.size()) return {};
  auto& vector = vectors_[index];
  std::ranges::copy(data, writable_bytes_of(vector.entry).subspan(offset % sizeof(MsixEntry)).begin());
  vector.entry.control &= msix_entry_masked;
  return update(vector);
}

void Msix::read_pending(std::uint64_t offset, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{0});
  if (!is_allowed_access(offset, data.size())) return;
  if (!range_fits<std::uint64_t>(offset, data.size(), max_vectors / 8)) return;
  for (std::size_t i = 0; i < vectors_.size(); ++i) {
    if (!vectors_[i].pending || i / 8 < offset || i / 8 >= offset + data.size()) continue;
    data[i / 8 - offset] |= std::byte{1} << (i % 8);
  }
}

Result<void> Msix::set_control(std::uint16_t control) {
  control_ = control;
  for (auto& vector : vectors_) IMMURE_TRY(update(vector));
  return {};
}

Result<void> Msix::signal(std::uint16_t vector) {
  if (!enabled() || vector >= vectors_.size()) return {};
  vectors_[vector].pending = true;
  return update(vectors_[vector]);
}

bool Msix::deliverable(const Vector& vector) const {
  return enabled() && (control_ & msix_function_mask) == 0 && (vector.entry.control & msix_entry_masked) == 0;
}

/// Brings KVM's route up to date and delivers what waited, once the vector is open. A masked entry is not
/// routed: the guest writes it field by field, and half an address must never be used.
Result<void> Msix::update(Vector& vector) {
  if (!deliverable(vector)) return {};
  if (!vector.has_route || std::memcmp(&vector.entry, &vector.routed, sizeof(MsixEntry)) != 0) {
    const auto address = std::uint64_t{vector.entry.address_high} << 32 | vector.entry.address_low;
    IMMURE_TRY(events_->route_msi(vector.gsi, {.address = address, .data = vector.entry.data}));
    vector.routed = vector.entry;
    vector.has_route = true;
  }
  if (std::exchange(vector.pending, false)) (void)::eventfd_write(vector.event_fd.get(), 1);
  return {};
}

}  // namespace immure::vmm::pci
