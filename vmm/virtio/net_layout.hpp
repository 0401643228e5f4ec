#pragma once

#include <cstddef>
#include <cstdint>

#include "policy/guest_record.hpp"

/// What network device and driver say to each other: VIRTIO 1.2, 5.1; little-endian.
namespace immure::vmm::virtio {

namespace feature {
constexpr std::uint64_t net_checksum = 1ULL << 0;        ///< the driver may leave checksums to us
constexpr std::uint64_t net_guest_checksum = 1ULL << 1;  ///< and we to the driver
constexpr std::uint64_t net_mac = 1ULL << 5;
constexpr std::uint64_t net_guest_tso4 = 1ULL << 7;  ///< the driver takes TCP segments of up to 64 KiB
constexpr std::uint64_t net_guest_tso6 = 1ULL << 8;
constexpr std::uint64_t net_host_tso4 = 1ULL << 11;  ///< and so do we
constexpr std::uint64_t net_host_tso6 = 1ULL << 12;
constexpr std::uint64_t net_mergeable_buffers = 1ULL << 15;
constexpr std::uint64_t net_status = 1ULL << 16;
}  // namespace feature

/// 5.1.4, as far as the offered features reach.
struct NetConfig {
  policy::MacAddress mac{};
  std::uint16_t status = 0;  ///< bit 0: the link is up
};
static_assert(sizeof(NetConfig) == 8);
constexpr std::uint16_t net_link_up = 1;

/// 5.1.6, in front of every frame. Its size is the same whatever was negotiated.
struct NetHeader {
  std::uint8_t flags = 0;
  std::uint8_t segmentation = 0;
  std::uint16_t header_length = 0;
  std::uint16_t segment_size = 0;
  std::uint16_t checksum_start = 0;
  std::uint16_t checksum_offset = 0;
  std::uint16_t buffer_count = 0;
};
static_assert(sizeof(NetHeader) == 12);

constexpr std::uint8_t net_needs_checksum = 1;
constexpr std::uint8_t net_checksum_is_valid = 2;
constexpr std::uint8_t net_segmentation_none = 0;
constexpr std::uint8_t net_segmentation_tcp4 = 1;
constexpr std::uint8_t net_segmentation_tcp6 = 4;

/// The longest frame with its header: an IP packet of 65,535 bytes, Ethernet's header and a VLAN tag.
constexpr std::size_t max_frame_bytes = sizeof(NetHeader) + 65'535 + 14 + 4;

}  // namespace immure::vmm::virtio
