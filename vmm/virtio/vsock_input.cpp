// What the guest is sent over vsock.
#include <algorithm>
#include <cstring>

#include <unistd.h>

#include "vmm/virtio/vsock.hpp"

namespace immure::vmm::virtio {

using policy::VsockFrame;
using policy::VsockOp;
using State = VsockConnection::State;

namespace {

/// Once so much was taken since the guest was last told, it is told without being asked.
constexpr std::uint32_t credit_step = policy::vsock_window / 4;

}  // namespace

Result<Progress> Vsock::serve_input(Virtqueue& queue) {
  IMMURE_TRY(queue.suppress_notifications());
  const bool output_waited = !connections_.has_room_for_reset();
  auto progress = Progress::more;
  for (unsigned served = 0; served < budget; ++served) {
    // Frames without data take effect at once; one with data waits for buffers, and what is behind it, too.
    while (data_size_ == 0 && connections_.has_room_for_reset() && ++served < budget && fetch_frame()) {
    }
    if (!owes_packet() && data_size_ == 0) {
      if (served < budget) progress = Progress::idle;
      break;
    }
    if (IMMURE_TRY(send_packet(queue)) == Transfer::waits && !IMMURE_TRY(queue.request_notifications())) {
      progress = Progress::idle;
      break;
    }
  }
  tell_grants();
  return output_waited && connections_.has_room_for_reset() ? Progress::all : progress;
}

/// The next frame of the monitor; false where there is none. What is malformed is dropped: the monitor's own
/// connections suffer.
bool Vsock::fetch_frame() {
  ssize_t count = 0;
  do {
    count = ::read(channel_.get(), frame_.data(), frame_.size());
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  VsockFrame frame;
  if (static_cast<std::size_t>(count) < sizeof(frame)) return true;
  std::memcpy(&frame, frame_.data(), sizeof(frame));
  const auto payload = static_cast<std::size_t>(count) - sizeof(frame);
  if (payload != (frame.op == VsockOp::data ? frame.value : 0)) {
    log_.warn("the monitor sent a frame of a wrong size");
    return true;
  }
  handle_frame(frame);
  return true;
}

void Vsock::handle_frame(const VsockFrame& frame) {
  const VsockPorts ports{.host = frame.host_port, .guest = frame.guest_port};
  auto* connection = connections_.find(ports);
  if (frame.op == VsockOp::open) {
    if (connection != nullptr) return log_.warn("the monitor opened a connection twice");
    connection = connections_.add(ports, State::wanted_by_host);
    if (connection == nullptr) {
      (void)tell({.op = VsockOp::close, .host_port = ports.host, .guest_port = ports.guest});
    } else {
      connection->owes_request = true;
    }
    return;
  }
  if (connection == nullptr) return;  // it was closed meanwhile
  switch (frame.op) {
    case VsockOp::opened:
      if (connection->state != State::wanted_by_guest) return;
      connection->state = State::open;
      connection->owes_response = true;
      break;
    case VsockOp::data:
      if (connection->state == State::open) accept_data(frame);
      break;
    case VsockOp::credit:
      handle_credit(*connection, frame.value);
      break;
    case VsockOp::shutdown:
      connection->owes_shutdown |= frame.value & (policy::vsock_no_receive | policy::vsock_no_send);
      break;
    case VsockOp::close:
      connections_.owe_reset(ports);
      connections_.remove(*connection);
      break;
    case VsockOp::open:
    case VsockOp::reset:
      break;
  }
}

void Vsock::handle_credit(VsockConnection& connection, std::uint32_t bytes) {
  if (bytes > connection.received - connection.forwarded) {
    return log_.warn("the monitor took more than there was");
  }
  connection.forwarded += bytes;
  if (connection.forwarded - connection.told_forwarded >= credit_step) connection.owes_credit = true;
}

void Vsock::accept_data(const VsockFrame& frame) {
  data_ports_ = {.host = frame.host_port, .guest = frame.guest_port};
  const auto* const connection = connections_.find(data_ports_);
  const auto room = connection->granted - connection->sent;
  if (frame.value > room) return log_.warn("the monitor sent more than it had credit for");
  data_size_ = frame.value;
  data_done_ = 0;
}

bool Vsock::owes_packet() {
  return connections_.next_reset() ||
         std::ranges::any_of(connections_.all(), [](const VsockConnection& each) {
           return each.owes_request || each.owes_response || each.owes_credit || each.owes_shutdown != 0;
         });
}

/// One packet that is owed, or a piece of the data frame; `waits` where the guest has no buffer.
Result<Vsock::Transfer> Vsock::send_packet(Virtqueue& queue) {
  if (!input_is_held_ && !IMMURE_TRY(queue.pop(input_))) return Transfer::waits;
  input_is_held_ = true;
  if (const auto ports = connections_.next_reset()) {
    IMMURE_TRY(write_packet(queue, *ports, nullptr, VsockPacketOp::reset, 0, {}));
    connections_.reset_is_sent();
    return Transfer::done;
  }
  for (auto& each : connections_.all()) {
    if (std::exchange(each.owes_request, false)) {
      IMMURE_TRY(write_packet(queue, each.ports, &each, VsockPacketOp::request, 0, {}));
    } else if (std::exchange(each.owes_response, false)) {
      IMMURE_TRY(write_packet(queue, each.ports, &each, VsockPacketOp::response, 0, {}));
    } else if (std::exchange(each.owes_credit, false)) {
      IMMURE_TRY(write_packet(queue, each.ports, &each, VsockPacketOp::credit_update, 0, {}));
    } else if (const auto flags = std::exchange(each.owes_shutdown, 0); flags != 0) {
      IMMURE_TRY(write_packet(queue, each.ports, &each, VsockPacketOp::shutdown, flags, {}));
    } else {
      continue;
    }
    return Transfer::done;
  }
  auto* const connection = connections_.find(data_ports_);
  if (connection == nullptr) {  // closed while its data waited
    data_size_ = 0;
    return Transfer::done;
  }
  const auto room = input_.writable().size();
  if (room <= sizeof(VsockHeader)) return invalid("vsock receive buffer without room for data");
  const auto size = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(data_size_ - data_done_, room - sizeof(VsockHeader)));
  connection->sent += size;
  IMMURE_TRY(write_packet(queue, data_ports_, connection, VsockPacketOp::data, 0,
                          std::span(frame_).subspan(sizeof(VsockFrame) + data_done_, size)));
  data_done_ += size;
  if (data_done_ == data_size_) data_size_ = 0;
  return Transfer::done;
}

/// Every packet of a connection tells the guest its credit.
Result<void> Vsock::write_packet(Virtqueue& queue, VsockPorts ports, VsockConnection* connection,
                                 VsockPacketOp op, std::uint32_t flags, std::span<const std::byte> data) {
  VsockHeader header{.source_cid = vsock_host_cid,
                     .destination_cid = guest_cid_,
                     .source_port = ports.host,
                     .destination_port = ports.guest,
                     .length = static_cast<std::uint32_t>(data.size()),
                     .type = vsock_type_stream,
                     .op = op,
                     .flags = flags,
                     .buffer_size = 0,
                     .forwarded = 0};
  if (connection != nullptr) {
    header.buffer_size = policy::vsock_window;
    header.forwarded = connection->told_forwarded = connection->forwarded;
  }
  IMMURE_TRY(input_.writable().write(0, bytes_of(header)));
  IMMURE_TRY(input_.writable().write(sizeof(header), data));
  input_is_held_ = false;
  return queue.push_used(input_, static_cast<std::uint32_t>(sizeof(header) + data.size()));
}

}  // namespace immure::vmm::virtio
