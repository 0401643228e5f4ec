#pragma once

#include <cstddef>
#include <cstdint>

/// What socket device and driver say to each other: VIRTIO 1.2, 5.10; little-endian.
namespace immure::vmm::virtio {

constexpr std::uint64_t vsock_host_cid = 2;

enum class VsockPacketOp : std::uint16_t {
  request = 1,
  response = 2,
  reset = 3,
  shutdown = 4,
  data = 5,
  credit_update = 6,
  credit_request = 7
};
constexpr std::uint16_t vsock_type_stream = 1;

/// 5.10.6, virtio_vsock_hdr.
struct [[gnu::packed]] VsockHeader {
  std::uint64_t source_cid = 0;
  std::uint64_t destination_cid = 0;
  std::uint32_t source_port = 0;
  std::uint32_t destination_port = 0;
  std::uint32_t length = 0;
  std::uint16_t type = vsock_type_stream;
  VsockPacketOp op{};
  std::uint32_t flags = 0;
  std::uint32_t buffer_size = 0;  ///< of the sender, for this connection
  std::uint32_t forwarded = 0;    ///< bytes that the sender has taken out of it; wraps
};
static_assert(sizeof(VsockHeader) == 44);
static_assert(offsetof(VsockHeader, op) == 30);

/// The largest payload that Linux sends (VIRTIO_VSOCK_MAX_PKT_BUF_SIZE).
constexpr std::uint32_t max_vsock_packet = 64 << 10;

}  // namespace immure::vmm::virtio
