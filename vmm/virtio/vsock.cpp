// The device itself, and the packets and frames between its two sides. What the guest sends is in
// vsock_output.cpp, what it is sent in vsock_input.cpp.
#include "vmm/virtio/vsock.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace immure::vmm::virtio {

namespace {

// 5.10.2
constexpr std::uint16_t receive_queue = 0;
constexpr std::uint16_t transmit_queue = 1;

}  // namespace

Result<std::unique_ptr<Vsock>> Vsock::create(UniqueFd channel, std::uint32_t guest_cid) {
  const int flags = ::fcntl(channel.get(), F_GETFL);
  if (flags < 0 || ::fcntl(channel.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return system_error("make the vsock channel non-blocking");
  return std::unique_ptr<Vsock>(new Vsock(std::move(channel), guest_cid));
}

Vsock::Vsock(UniqueFd channel, std::uint32_t guest_cid)
    : traits_{.type = DeviceType::socket,
              .name = "vsock",
              .features = feature::common,
              .queue_sizes = {128, 128, 16}},  // receive, transmit, events
      guest_cid_(guest_cid),
      channel_(std::move(channel)),
      log_(traits_.name) {}

void Vsock::reset() {
  connections_.clear();
  output_is_held_ = input_is_held_ = false;
  output_done_ = 0;
  data_size_ = data_done_ = 0;
  owes_reset_frame_ = true;
  (void)tell_reset();
}

Result<Progress> Vsock::serve(std::uint16_t index, Virtqueue& queue) {
  if (index != receive_queue && index != transmit_queue) return Progress::idle;  // there are no events
  if (!tell_reset()) return Progress::idle;                                      // EPOLLOUT brings us back
  return index == transmit_queue ? serve_output(queue) : serve_input(queue);
}

/// True once the monitor knows that connections of an earlier driver are gone.
bool Vsock::tell_reset() {
  if (owes_reset_frame_) owes_reset_frame_ = tell({.op = policy::VsockOp::reset}) == Transfer::waits;
  return !owes_reset_frame_;
}

/// Gives the monitor what the guest's credit has grown by.
void Vsock::tell_grants() {
  for (auto& connection : connections_.all()) {
    const auto grant = connection.new_grant();
    if (connection.state != VsockConnection::State::open || grant == 0) continue;
    const policy::VsockFrame frame{.op = policy::VsockOp::credit,
                                   .host_port = connection.ports.host,
                                   .guest_port = connection.ports.guest,
                                   .value = grant};
    if (tell(frame) == Transfer::waits) return;
    connection.granted += grant;
  }
}

/// A frame without data. A monitor that is gone is told everything, and nothing of it arrives.
Vsock::Transfer Vsock::tell(const policy::VsockFrame& frame) {
  ssize_t count = 0;
  do {
    count = ::write(channel_.get(), &frame, sizeof(frame));
  } while (count < 0 && errno == EINTR);
  return count < 0 && errno == EAGAIN ? Transfer::waits : Transfer::done;
}

}  // namespace immure::vmm::virtio
