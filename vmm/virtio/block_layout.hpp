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
constexpr std::uint64_t block_topology = 1ULL << 10;
constexpr std::uint64_t block_queues = 1ULL << 12;
constexpr std::uint64_t block_discard = 1ULL << 13;
constexpr std::uint64_t block_write_zeroes = 1ULL << 14;
}  // namespace feature

constexpr std::uint64_t sector_bytes = 512;  ///< the unit of capacity and sector, always
constexpr std::size_t block_id_size = 20;

/// 5.2.4, as far as the offered features reach.
struct BlockConfig {
  std::uint64_t capacity = 0;                ///< in sectors of 512 bytes
  std::uint32_t max_size = 0;                ///< of a segment, in bytes
  std::uint32_t max_segments = 0;            ///< per request, beside header and status
  std::uint32_t geometry = 0;                ///< not offered
  std::uint32_t block_size = 0;              ///< the host's logical block size
  std::uint8_t physical_block_exponent = 0;  ///< logical blocks in a physical one, as a power of two
  std::uint8_t alignment_offset = 0;         ///< of the first aligned block, in logical blocks
  std::uint16_t minimum_io = 0;              ///< in logical blocks, as is the next one
  std::uint32_t optimal_io = 0;
  std::uint8_t write_back = 0;  ///< not offered
  std::uint8_t unused_before = 0;
  std::uint16_t queues = 0;
  std::uint32_t max_discard_sectors = 0;
  std::uint32_t max_discard_segments = 0;
  std::uint32_t discard_alignment = 0;  ///< in sectors
  std::uint32_t max_write_zeroes_sectors = 0;
  std::uint32_t max_write_zeroes_segments = 0;
  std::uint8_t write_zeroes_may_unmap = 0;
  std::uint8_t unused[7]{};
};
static_assert(sizeof(BlockConfig) == 64);
static_assert(offsetof(BlockConfig, max_segments) == 12);
static_assert(offsetof(BlockConfig, block_size) == 20);
static_assert(offsetof(BlockConfig, minimum_io) == 26);
static_assert(offsetof(BlockConfig, queues) == 34);
static_assert(offsetof(BlockConfig, max_discard_sectors) == 36);
static_assert(offsetof(BlockConfig, write_zeroes_may_unmap) == 56);

/// 5.2.6. The rest of the numbers is the guest's to invent: everything unknown is unsupported.
enum class BlockRequest : std::uint32_t {
  in = 0,
  out = 1,
  flush = 4,
  get_id = 8,
  discard = 11,
  write_zeroes = 13
};
enum class BlockStatus : std::uint8_t { ok = 0, io_error = 1, unsupported = 2 };

struct BlockHeader {
  std::uint32_t type = 0;
  std::uint32_t reserved = 0;
  std::uint64_t sector = 0;
};
static_assert(sizeof(BlockHeader) == 16);

/// What DISCARD and WRITE_ZEROES are about: one range of the disk.
struct BlockRange {
  std::uint64_t sector = 0;
  std::uint32_t sectors = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(BlockRange) == 16);
constexpr std::uint32_t block_range_may_unmap = 1;

}  // namespace immure::vmm::virtio
