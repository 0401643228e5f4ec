#pragma once

#include <cstdint>

/// Numbers that every virtio device shares: Virtual I/O Device (VIRTIO) 1.2.
namespace immure::vmm::virtio {

/// Device types (section 5).
enum class DeviceType : std::uint16_t {
  network = 1,
  block = 2,
  console = 3,
  entropy = 4,
  balloon = 5,
  socket = 19
};

/// Bits of device_status (section 2.1).
namespace status {
constexpr std::uint8_t acknowledge = 1;
constexpr std::uint8_t driver = 2;
constexpr std::uint8_t driver_ok = 4;
constexpr std::uint8_t features_ok = 8;
constexpr std::uint8_t needs_reset = 64;
constexpr std::uint8_t failed = 128;
}  // namespace status

/// Feature bits of the transport and the queues (section 6).
namespace feature {
constexpr std::uint64_t indirect_descriptors = 1ULL << 28;
constexpr std::uint64_t event_index = 1ULL << 29;
constexpr std::uint64_t version_1 = 1ULL << 32;
/// What every device of ours offers beside its own.
constexpr std::uint64_t common = indirect_descriptors | event_index | version_1;
}  // namespace feature

}  // namespace immure::vmm::virtio
