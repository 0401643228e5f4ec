#include "vmm/virtio/vsock_connection.hpp"

#include <algorithm>

namespace immure::vmm::virtio {

VsockConnection* VsockConnections::find(VsockPorts ports) {
  const auto used = all();
  const auto found = std::ranges::find(used, ports, &VsockConnection::ports);
  return found == used.end() ? nullptr : &*found;
}

VsockConnection* VsockConnections::add(VsockPorts ports, VsockConnection::State state) {
  if (count_ == connections_.size()) return nullptr;
  auto& connection = connections_.at(count_++);
  connection = {.ports = ports, .state = state};
  return &connection;
}

/// The last one takes its place: their order means nothing.
void VsockConnections::remove(const VsockConnection& connection) {
  const auto index = static_cast<std::size_t>(&connection - connections_.data());
  connections_.at(index) = connections_.at(--count_);
}

void VsockConnections::clear() { count_ = reset_count_ = 0; }

void VsockConnections::owe_reset(VsockPorts ports) {
  if (has_room_for_reset()) resets_.at(reset_count_++) = ports;
}

std::optional<VsockPorts> VsockConnections::next_reset() const {
  return reset_count_ == 0 ? std::nullopt : std::optional(resets_.front());
}

void VsockConnections::reset_is_sent() {
  std::shift_left(resets_.begin(), resets_.end(), 1);
  --reset_count_;
}

}  // namespace immure::vmm::virtio
