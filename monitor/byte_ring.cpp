#include "monitor/byte_ring.hpp"

#include <algorithm>

namespace immure::monitor {

void ByteRing::append(std::span<const std::byte> data) {
  for (const auto byte : data) {
    bytes_[static_cast<std::size_t>(end_ % bytes_.size())] = byte;
    ++end_;
  }
}

std::size_t ByteRing::copy(std::uint64_t from, std::span<std::byte> out) const {
  if (from < begin() || from > end_) return 0;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end_ - from));
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = bytes_[static_cast<std::size_t>((from + i) % bytes_.size())];
  }
  return count;
}

}  // namespace immure::monitor
