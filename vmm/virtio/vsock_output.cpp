// What the guest sends over vsock.
#include <algorithm>

#include <sys/uio.h>

#include "vmm/virtio/vsock.hpp"

namespace immure::vmm::virtio {

using policy::VsockFrame;
using policy::VsockOp;
using State = VsockConnection::State;

namespace {

VsockFrame frame_of(VsockOp op, const VsockConnection& connection, std::uint32_t value = 0) {
  return {.op = op, .host_port = connection.ports.host, .guest_port = connection.ports.guest, .value = value};
}

}  // namespace

Result<Progress> Vsock::serve_output(Virtqueue& queue) {
  const bool owed_packet = owes_packet();
  unsigned served = 0;
  auto progress = Progress::idle;
  do {
    IMMURE_TRY(queue.suppress_notifications());
    for (;;) {
      // Every packet may need an answer, and answers must not pile up: a guest that takes none waits.
      if (!connections_.has_room_for_reset()) break;
      if (!output_is_held_ && !IMMURE_TRY(queue.pop(output_))) break;
      if (!output_is_held_) output_done_ = 0;
      output_is_held_ = true;
      if (IMMURE_TRY(handle_packet()) == Transfer::waits) return Progress::idle;
      output_is_held_ = false;
      IMMURE_TRY(queue.push_used(output_, 0));
      if (++served == budget) progress = Progress::more;
      if (served == budget) break;
    }
    tell_grants();
  } while (served < budget && connections_.has_room_for_reset() && IMMURE_TRY(queue.request_notifications()));
  // The answers go out by the other queue.
  return !owed_packet && owes_packet() ? Progress::all : progress;
}

/// One packet; `waits` where the monitor's socket has no room, and nothing was changed but how far a packet
/// of data is done.
Result<Vsock::Transfer> Vsock::handle_packet() {
  VsockHeader header;
  IMMURE_TRY(output_.readable().read(0, writable_bytes_of(header)));
  if (header.length > max_vsock_packet || header.length > output_.readable().size() - sizeof(header))
    return invalid("vsock packet is longer than its buffers or than 64 KiB");
  // Nobody but the host is there, and the guest is nobody else.
  if (header.destination_cid != vsock_host_cid || header.source_cid != guest_cid_) return Transfer::done;
  const VsockPorts ports{.host = header.destination_port, .guest = header.source_port};
  auto* const connection = connections_.find(ports);
  if (header.type == vsock_type_stream) {
    if (connection != nullptr) return handle_known(*connection, header);
    if (header.op == VsockPacketOp::request) return handle_request(header);
  }
  if (header.op != VsockPacketOp::reset) connections_.owe_reset(ports);
  return Transfer::done;
}

Vsock::Transfer Vsock::handle_request(const VsockHeader& header) {
  const VsockPorts ports{.host = header.destination_port, .guest = header.source_port};
  auto* const connection = connections_.add(ports, State::wanted_by_guest);
  if (connection == nullptr) {
    log_.warn("the guest has too many connections: one was refused");
    connections_.owe_reset(ports);
    return Transfer::done;
  }
  connection->guest_buffer = header.buffer_size;
  connection->guest_forwarded = header.forwarded;
  if (tell(frame_of(VsockOp::open, *connection)) == Transfer::done) return Transfer::done;
  connections_.remove(*connection);
  return Transfer::waits;
}

Vsock::Transfer Vsock::handle_known(VsockConnection& connection, const VsockHeader& header) {
  connection.guest_buffer = header.buffer_size;
  connection.guest_forwarded = header.forwarded;
  const bool is_open = connection.state == State::open;
  switch (header.op) {
    case VsockPacketOp::response:
      if (connection.state != State::wanted_by_host) break;
      if (tell(frame_of(VsockOp::opened, connection)) == Transfer::waits) return Transfer::waits;
      connection.state = State::open;
      return Transfer::done;
    case VsockPacketOp::reset:
      if (tell(frame_of(VsockOp::close, connection)) == Transfer::waits) return Transfer::waits;
      forget(connection);
      return Transfer::done;
    case VsockPacketOp::shutdown:
      if (!is_open) break;
      return tell(frame_of(VsockOp::shutdown, connection,
                           header.flags & (policy::vsock_no_receive | policy::vsock_no_send)));
    case VsockPacketOp::data:
      if (!is_open || (output_done_ == 0 && header.length > connection.window())) break;
      return forward(connection, header);
    case VsockPacketOp::credit_update:
      return Transfer::done;
    case VsockPacketOp::credit_request:
      connection.owes_credit = true;
      return Transfer::done;
    case VsockPacketOp::request:
      break;
  }
  return close(connection);  // not what belongs here
}

/// The payload goes from the guest's memory into the channel, in datagrams of bounded size.
Vsock::Transfer Vsock::forward(VsockConnection& connection, const VsockHeader& header) {
  while (output_done_ < header.length) {
    const auto size = std::min(header.length - output_done_, policy::max_vsock_payload);
    const auto slices = output_.readable().io_slices(sizeof(header) + output_done_, size,
                                                     GuestAccess::device_reads, vectors_);
    if (!slices) return close(connection);
    auto frame = frame_of(VsockOp::data, connection, size);
    std::array<iovec, max_queue_size + 1> datagram{};
    datagram[0] = {.iov_base = &frame, .iov_len = sizeof(frame)};
    std::ranges::copy(*slices, datagram.begin() + 1);
    ssize_t count = 0;
    do {
      count = ::writev(channel_.get(), datagram.data(), static_cast<int>(slices->size() + 1));
    } while (count < 0 && errno == EINTR);
    if (count < 0 && errno == EAGAIN) return Transfer::waits;
    output_done_ += size;
    connection.received += size;
  }
  return Transfer::done;
}

Vsock::Transfer Vsock::close(VsockConnection& connection) {
  if (tell(frame_of(VsockOp::close, connection)) == Transfer::waits) return Transfer::waits;
  connections_.owe_reset(connection.ports);
  forget(connection);
  return Transfer::done;
}

/// Data that waits for it must not reach the next connection of the same ports.
void Vsock::forget(const VsockConnection& connection) {
  if (connection.ports == data_ports_) data_size_ = 0;
  connections_.remove(connection);
}

}  // namespace immure::vmm::virtio
