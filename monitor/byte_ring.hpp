#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace immure::monitor {

/// The last `capacity` bytes of an endless stream. A byte is named by its offset in the stream, counted from
/// 0, so that any number of readers can each be at a place of their own without a buffer of their own.
class ByteRing {
 public:
  explicit ByteRing(std::size_t capacity) : bytes_(capacity) {}

  /// Appends; the oldest bytes make room.
  void append(std::span<const std::byte> data);

  /// Offset of the oldest byte still kept.
  [[nodiscard]] std::uint64_t begin() const { return end_ > bytes_.size() ? end_ - bytes_.size() : 0; }
  /// Offset after the newest byte.
  [[nodiscard]] std::uint64_t end() const { return end_; }

  /// Copies bytes from stream offset `from` into `out`; yields how many. 0 where `from` is at the end or is
  /// no longer kept.
  std::size_t copy(std::uint64_t from, std::span<std::byte> out) const;

 private:
  std::vector<std::byte> bytes_;
  std::uint64_t end_ = 0;
};

}  // namespace immure::monitor
