#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace immure::vmm::test {

/// The fuzzer's bytes as a stream of small numbers; zeros after its end.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  template <typename T>
  T take() {
    T value{};
    const auto size = std::min(sizeof(T), rest_.size());
    std::memcpy(&value, rest_.data(), size);
    rest_ = rest_.subspan(size);
    return value;
  }
  std::span<const std::byte> take_bytes(std::size_t size) {
    const auto front = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(front.size());
    return std::as_bytes(front);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace immure::vmm::test
