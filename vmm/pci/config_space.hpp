#pragma once

#include <array>
#include <cstring>
#include <span>
#include <type_traits>

#include "vmm/pci/config_layout.hpp"

namespace immure::vmm::pci {

/// The 256 bytes of a function's configuration space, each bit either fixed or writable by the guest. The
/// extended space above is empty. Not locked: its PciDevice does that.
class ConfigSpace {
 public:
  static constexpr std::size_t size = 256;

  explicit ConfigSpace(const ConfigHeader& header);

  /// Appends a capability to the list: `body` is what follows id and next pointer, `writable` a mask of the
  /// same length, or empty for none. Gives the offset of the id. Our own bug, and an abort, where 256 bytes
  /// do not hold it.
  std::uint8_t add_capability(CapabilityId id, std::span<const std::byte> body,
                              std::span<const std::byte> writable = {});

  /// The guest's access; `offset` is guest-controlled: what lies outside reads as zero and drops writes.
  void read(std::uint64_t offset, std::span<std::byte> data) const;
  void write(std::uint64_t offset, std::span<const std::byte> data);

  /// Our own access: ignores the mask. `offset` is ours.
  template <typename T>
  [[nodiscard]] T get(std::size_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    std::memcpy(&value, std::span(bytes_).subspan(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }
  template <typename T>
  void set(std::size_t offset, T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(std::span(bytes_).subspan(offset, sizeof(T)).data(), &value, sizeof(T));
  }
  /// Lets the guest write the bits that are 1 in `mask`.
  template <typename T>
  void set_writable(std::size_t offset, T mask) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(std::span(writable_).subspan(offset, sizeof(T)).data(), &mask, sizeof(T));
  }

 private:
  std::array<std::byte, size> bytes_{};
  std::array<std::byte, size> writable_{};
  std::size_t capabilities_end_ = sizeof(ConfigHeader);
  std::size_t last_next_pointer_ = offsetof(ConfigHeader, capabilities);
};

}  // namespace immure::vmm::pci
