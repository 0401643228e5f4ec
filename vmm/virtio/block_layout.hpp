#pragma once

#include <cstddef>
#include <cstdint>

/// What block device and driver say to each other: VIRTIO 1.2, 5.2; little-endian.
namespace immure::vmm::virtio {

namespace feature {
constexpr std::uint64_t block_max_size = 1ULL << 1;
constexpr std::uint64_t block_max_segments = 1ULL << 2;
constexpr std::uint64_t block_read_only = 1ULL << 5;
constexpr std::uint64_t block_size = 1ULL << 6;
constexpr std::uint64_t block_flush = 1ULL << 9;
}  // namespace feature

constexpr std::uint64_t sector_bytes = 512;  ///< the unit of capacity and sector, always
constexpr std::size_t block_id_size = 20;

/// 5.2.4, as far as the offered features reach.
struct BlockConfig {
  std::uint64_t capacity = 0;      ///< in sectors of 512 bytes
  std::uint32_t max_size = 0;      ///< of a segment, in bytes
  std::uint32_t max_segments = 0;  ///< per request, beside header and status
  std::uint32_t geometry = 0;      ///< not offered
  std::uint32_t block_size = 0;    ///< the host's logical block size
  std::uint32_t topology[2]{};     ///< not offered
};
static_assert(sizeof(BlockConfig) == 32);
static_assert(offsetof(BlockConfig, max_segments) == 12);
static_assert(offsetof(BlockConfig, block_size) == 20);

/// 5.2.6. The rest of the numbers is the guest's to invent: everything unknown is unsupported.
enum class BlockRequest : std::uint32_t { in = 0, out = 1, flush = 4, get_id = 8 };
enum class BlockStatus : std::uint8_t { ok = 0, io_error = 1, unsupported = 2 };

struct BlockHeader {
  std::uint32_t type = 0;
  std::uint32_t reserved = 0;
  std::uint64_t sector = 0;
};
static_assert(sizeof(BlockHeader) == 16);

}  // namespace immure::vmm::virtio
