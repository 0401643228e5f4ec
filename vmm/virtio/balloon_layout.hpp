#pragma once

#include <cstdint>

/// What balloon and driver say to each other: VIRTIO 1.2, 5.5; little-endian.
namespace immure::vmm::virtio {

namespace feature {
constexpr std::uint64_t balloon_statistics = 1ULL << 1;
constexpr std::uint64_t balloon_deflate_on_oom = 1ULL << 2;
constexpr std::uint64_t balloon_page_reporting = 1ULL << 5;
}  // namespace feature

/// 5.5.4, as far as the offered features reach.
struct BalloonConfig {
  std::uint32_t pages = 0;   ///< that the driver is asked to give up
  std::uint32_t actual = 0;  ///< the driver's word, which we do not ask for
};
static_assert(sizeof(BalloonConfig) == 8);

constexpr std::uint64_t balloon_page_bytes = 4096;  ///< 5.5.6: always, whatever the guest's page size

/// One number that the driver has for us (5.5.6.3).
struct [[gnu::packed]] BalloonStatistic {
  std::uint16_t tag = 0;
  std::uint64_t value = 0;
};
static_assert(sizeof(BalloonStatistic) == 10);

/// Numbers that we take from one buffer; Linux 7 has 16.
constexpr std::size_t max_balloon_statistics = 64;

/// Page numbers that we take from one chain; Linux sends 256 at most.
constexpr std::size_t max_balloon_pages = 1024;

}  // namespace immure::vmm::virtio
