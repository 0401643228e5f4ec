#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "vmm/devices/vm_events.hpp"
#include "vmm/pci/config_layout.hpp"

namespace immure::vmm::pci {

/// A function's MSI-X vectors: table, pending bits and masks (PCI Local Bus 3.0, 6.8.2). Not locked: its
/// PciDevice does that. An Error of the guest-driven calls comes from KVM and is worth a warning, no more.
class Msix {
 public:
  static constexpr std::uint16_t max_vectors = 64;
  /// As virtio writes "no vector"; every number that is not a vector is treated so.
  static constexpr std::uint16_t no_vector = 0xffff;

  /// Before the machine runs.
  static Result<Msix> create(VmEvents& events, std::uint16_t vectors);

  [[nodiscard]] std::uint16_t vector_count() const { return static_cast<std::uint16_t>(vectors_.size()); }

  /// The guest's accesses to the table and to the pending bits; `offset` is guest-controlled. Only aligned
  /// accesses of 4 or 8 bytes are allowed: others read as ones and are dropped.
  void read_table(std::uint64_t offset, std::span<std::byte> data) const;
  Result<void> write_table(std::uint64_t offset, std::span<const std::byte> data);
  void read_pending(std::uint64_t offset, std::span<std::byte> data) const;

  /// After the guest wrote message control: enable and function mask.
  Result<void> set_control(std::uint16_t control);
  [[nodiscard]] bool enabled() const { return (control_ & msix_enable) != 0; }

  /// Raises the vector's interrupt, or marks it pending while it is masked. Nothing where `vector` is none of
  /// ours or MSI-X is off.
  Result<void> signal(std::uint16_t vector);

 private:
  struct Vector {
    MsixEntry entry;
    MsixEntry routed;
    bool has_route = false;
    bool pending = false;
    Gsi gsi{};
    UniqueFd event_fd;
  };
  explicit Msix(VmEvents& events) : events_(&events) {}

  [[nodiscard]] bool deliverable(const Vector& vector) const;
  Result<void> update(Vector& vector);

  VmEvents* events_;
  std::vector<Vector> vectors_;
  std::uint16_t control_ = 0;
};

}  // namespace immure::vmm::pci
