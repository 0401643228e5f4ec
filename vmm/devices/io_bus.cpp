#include "vmm/devices/io_bus.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace immure::vmm {

Result<void> IoBus::add(std::uint64_t start, std::uint64_t size, IoHandler& handler) {
  const auto end = checked_add(start, size);
  if (size == 0 || !end) return invalid("an I/O range is empty or wraps");
  const auto next = std::ranges::upper_bound(ranges_, start, {}, &Range::start);
  const bool hits_next = next != ranges_.end() && *end > next->start;
  const bool hits_previous =
      next != ranges_.begin() && std::prev(next)->start + std::prev(next)->size > start;
  if (hits_next || hits_previous) return invalid("two I/O ranges overlap");
  ranges_.insert(next, {.start = start, .size = size, .handler = &handler});
  return {};
}

const IoBus::Range* IoBus::find(std::uint64_t address, std::uint64_t length) const {
  const auto next = std::ranges::upper_bound(ranges_, address, {}, &Range::start);
  if (next == ranges_.begin()) return nullptr;
  const auto& range = *std::prev(next);
  return range_fits(address - range.start, length, range.size) ? &range : nullptr;
}

void IoBus::read(std::uint64_t address, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{0xff});
  if (const auto* range = find(address, data.size())) range->handler->read(address - range->start, data);
}

void IoBus::write(std::uint64_t address, std::span<const std::byte> data) const {
  if (const auto* range = find(address, data.size())) range->handler->write(address - range->start, data);
}

}  // namespace immure::vmm
