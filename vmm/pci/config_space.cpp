#include "vmm/pci/config_space.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace immure::vmm::pci {

ConfigSpace::ConfigSpace(const ConfigHeader& header) {
  set(0, header);
  set_writable<std::uint16_t>(offsetof(ConfigHeader, command),
                              command_memory | command_bus_master | command_no_intx);
  set_writable<std::uint8_t>(offsetof(ConfigHeader, cache_line_size), 0xff);
  set_writable<std::uint8_t>(offsetof(ConfigHeader, interrupt_line), 0xff);
}

std::uint8_t ConfigSpace::add_capability(CapabilityId id, std::span<const std::byte> body,
                                         std::span<const std::byte> writable) {
  const auto start = capabilities_end_;
  const auto body_start = start + 2;
  set(start, id);
  std::ranges::copy(body, std::span(bytes_).subspan(body_start, body.size()).begin());
  std::ranges::copy(writable, std::span(writable_).subspan(body_start, writable.size()).begin());
  set(last_next_pointer_, static_cast<std::uint8_t>(start));
  last_next_pointer_ = start + 1;
  // Capabilities start on a multiple of four (PCI 3.0, 6.7).
  capabilities_end_ = (body_start + body.size() + 3) / 4 * 4;

  constexpr auto status = offsetof(ConfigHeader, status);
  set(status, static_cast<std::uint16_t>(get<std::uint16_t>(status) | status_capabilities));
  return static_cast<std::uint8_t>(start);
}

void ConfigSpace::read(std::uint64_t offset, std::span<std::byte> data) const {
  std::ranges::fill(data, std::byte{0});
  if (!range_fits<std::uint64_t>(offset, data.size(), size)) return;
  std::ranges::copy(std::span(bytes_).subspan(offset, data.size()), data.begin());
}

void ConfigSpace::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (!range_fits<std::uint64_t>(offset, data.size(), size)) return;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto mask = writable_[offset + i];
    bytes_[offset + i] = (bytes_[offset + i] & ~mask) | (data[i] & mask);
  }
}

}  // namespace immure::vmm::pci
