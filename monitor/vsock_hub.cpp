#include "monitor/vsock_hub.hpp"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>

#include "monitor/peer.hpp"

namespace immure::monitor {

using policy::VsockFrame;
using policy::VsockOp;
using State = VsockStream::State;

namespace {

constexpr std::size_t max_closings = 2 * std::size_t{policy::max_vsock_connections};
/// Frames and reads of one turn: nobody keeps the console waiting.
constexpr int per_turn = 16;

}  // namespace

VsockHub::VsockHub(UniqueFd channel, UniqueFd listener, uid_t owner)
    : channel_(std::move(channel)), listener_(std::move(listener)), owner_(owner) {
  streams_.reserve(policy::max_vsock_connections);
  const int flags = ::fcntl(channel_.get(), F_GETFL);
  if (flags >= 0) (void)::fcntl(channel_.get(), F_SETFL, flags | O_NONBLOCK);
}

void VsockHub::collect(std::vector<pollfd>& polled) const {
  const auto add = [&](int fd, short events) {
    polled.push_back({.fd = fd, .events = events, .revents = 0});
  };
  add(channel_.get(), static_cast<short>(channel_is_full_ ? POLLIN | POLLOUT : POLLIN));
  // At the cap, programs wait in the listener's backlog; poll(2) passes over a negative fd.
  add(streams_.size() < policy::max_vsock_connections ? listener_.get() : -1, POLLIN);
  for (const auto& stream : streams_) {
    // What cannot be passed on is not read either.
    const auto events = stream.wanted_events();
    add(stream.is_mute() ? -1 : stream.fd(),
        channel_is_full_ ? static_cast<short>(events & ~POLLIN) : events);
  }
}

bool VsockHub::has_deadline() const {
  return std::ranges::any_of(streams_, [](const VsockStream& stream) {
    return stream.state() == State::asking || stream.state() == State::connecting;
  });
}

void VsockHub::serve(std::span<const pollfd> polled) {
  const auto now = Clock::now();
  if (channel_is_full_ && (polled[0].revents & POLLOUT) != 0) channel_is_full_ = false;
  while (!closings_.empty() && !channel_is_full_) {
    const auto frame = closings_.front();
    if (send(frame.op, frame.host_port, frame.guest_port) == Sent::full) break;
    closings_.pop_front();
  }
  // Backwards, so that a stream that goes moves none of those that come; before any frame makes new ones.
  for (auto i = streams_.size(); i-- > 0;) {
    if (serve_stream(streams_[i], polled[i + 2].revents, now) == ClientState::gone) drop(i);
  }
  if ((polled[0].revents & POLLIN) != 0) receive_frames();
  if (polled[1].revents != 0) accept_program();
}

void VsockHub::accept_program() {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd || !is_allowed(fd.get(), owner_)) return;
  streams_.emplace_back(std::move(fd), Clock::now());
}

ClientState VsockHub::serve_stream(VsockStream& stream, short events, Clock::time_point now) {
  if (stream.is_late(now) || (events & POLLERR) != 0) return ClientState::gone;
  if (stream.state() == State::asking && (events & POLLIN) != 0) {
    VsockWish wish;
    const auto line = stream.read_line(wish);
    if (line == VsockStream::Line::wrong) return ClientState::gone;
    if (line == VsockStream::Line::whole && start(stream, wish) == ClientState::gone)
      return ClientState::gone;
  }
  if ((events & POLLHUP) != 0) {
    if (stream.state() != State::open) return ClientState::gone;
    stream.hang_up();
  }
  return move_bytes(stream);
}

ClientState VsockHub::start(VsockStream& stream, const VsockWish& wish) {
  if (wish.kind == VsockWish::Kind::accept) {
    stream.start_accepting(wish.port);
  } else {
    stream.start_connecting(next_host_port_++, wish.port, Clock::now());
    if (next_host_port_ < policy::first_vsock_host_port) next_host_port_ = policy::first_vsock_host_port;
  }
  return ClientState::alive;
}

ClientState VsockHub::move_bytes(VsockStream& stream) {
  std::uint32_t taken = 0;
  if (stream.flush(taken) == ClientState::gone) return ClientState::gone;
  stream.owed_credit += taken;
  if (stream.state() == State::finishing) return stream.has_output() ? ClientState::alive : ClientState::gone;
  if (stream.is_shut_by_guest() && !stream.has_output()) return ClientState::gone;
  std::array<std::byte, policy::max_vsock_payload> buffer{};
  for (int i = 0; i < per_turn && send_owed(stream) == Sent::yes && !channel_is_full_; ++i) {
    const auto data = stream.peek(buffer);
    if (data.empty()) break;
    const auto size = static_cast<std::uint32_t>(data.size());
    if (send(VsockOp::data, stream.host_port(), stream.guest_port(), size, data) == Sent::full) break;
    stream.consume(data);
  }
  return send_owed(stream) == Sent::yes && stream.has_ended() ? ClientState::gone : ClientState::alive;
}

void VsockHub::receive_frames() {
  std::array<std::byte, sizeof(VsockFrame) + policy::max_vsock_payload> datagram{};
  for (int i = 0; i < per_turn; ++i) {
    const auto count = ::recv(channel_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_TRUNC);
    if (count < 0) return;
    VsockFrame frame;
    const auto size = static_cast<std::size_t>(count);
    if (size < sizeof frame || size > datagram.size()) return;
    std::memcpy(&frame, datagram.data(), sizeof frame);
    const auto data = std::span(datagram).first(size).subspan(sizeof frame);
    if (data.size() == (frame.op == VsockOp::data ? frame.value : 0)) handle_frame(frame, data);
  }
}

void VsockHub::handle_frame(const VsockFrame& frame, std::span<const std::byte> data) {
  if (frame.op == VsockOp::reset) {
    closings_.clear();
    for (auto i = streams_.size(); i-- > 0;) {
      if (streams_[i].state() != State::open && streams_[i].state() != State::connecting) continue;
      streams_[i].start_finishing();
      if (move_bytes(streams_[i]) == ClientState::gone) drop(i);
    }
    return;
  }
  const auto found =
      std::ranges::find_if(streams_, [&](const VsockStream& stream) { return stream.is_connection(frame); });
  if (frame.op == VsockOp::open) return found == streams_.end() ? handle_open(frame) : refuse(frame);
  if (found == streams_.end()) {
    if (frame.op != VsockOp::close) refuse(frame);
    return;
  }
  if (handle_known(*found, frame, data) == ClientState::gone)
    drop(static_cast<std::size_t>(found - streams_.begin()));
}

ClientState VsockHub::handle_known(VsockStream& stream, const VsockFrame& frame,
                                   std::span<const std::byte> data) {
  switch (frame.op) {
    case VsockOp::opened:
      if (stream.state() != State::connecting) return ClientState::gone;
      stream.start_open(stream.guest_port());
      break;
    case VsockOp::data:
      if (stream.state() != State::open || !stream.queue(data)) return ClientState::gone;
      break;
    case VsockOp::credit:
      stream.add_credit(frame.value);
      break;
    case VsockOp::shutdown:
      stream.guest_shuts_down(frame.value);
      break;
    case VsockOp::close:
    case VsockOp::open:
    case VsockOp::reset:
      stream.start_finishing();
      break;
  }
  return move_bytes(stream);
}

/// The guest connects to a port of the host: whoever waits for that longest gets it.
void VsockHub::handle_open(const VsockFrame& frame) {
  const auto waiting = std::ranges::find_if(streams_, [&](const VsockStream& stream) {
    return stream.state() == State::accepting && stream.host_port() == frame.host_port;
  });
  if (waiting == streams_.end()) return refuse(frame);
  waiting->start_open(frame.guest_port);
  (void)send_owed(*waiting);
}

/// The VMM is told of a connection that goes, whatever the reason; one that it closed itself it has
/// forgotten.
void VsockHub::drop(std::size_t index) {
  const auto& stream = streams_[index];
  if (stream.state() == State::open || stream.state() == State::connecting)
    refuse({.op = VsockOp::close,
            .host_port = stream.host_port(),
            .guest_port = stream.guest_port(),
            .value = 0});
  streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(index));
}

void VsockHub::refuse(const VsockFrame& frame) {
  if (closings_.empty() && send(VsockOp::close, frame.host_port, frame.guest_port) == Sent::yes) return;
  if (closings_.size() == max_closings) closings_.pop_front();
  closings_.push_back({.op = VsockOp::close, .host_port = frame.host_port, .guest_port = frame.guest_port});
}

/// Frames without data that a stream owes the VMM.
VsockHub::Sent VsockHub::send_owed(VsockStream& stream) {
  const auto owe = [&](VsockOp op, std::uint32_t value = 0) {
    return send(op, stream.host_port(), stream.guest_port(), value);
  };
  if (stream.owes_opening) {
    const auto op = stream.state() == State::connecting ? VsockOp::open : VsockOp::opened;
    if (owe(op) == Sent::full) return Sent::full;
    stream.owes_opening = false;
  }
  if (stream.owed_credit > 0) {
    if (owe(VsockOp::credit, stream.owed_credit) == Sent::full) return Sent::full;
    stream.owed_credit = 0;
  }
  if (stream.owes_shutdown) {
    if (owe(VsockOp::shutdown, policy::vsock_no_send) == Sent::full) return Sent::full;
    stream.owes_shutdown = false;
  }
  return Sent::yes;
}

VsockHub::Sent VsockHub::send(VsockOp op, std::uint32_t host_port, std::uint32_t guest_port,
                              std::uint32_t value, std::span<const std::byte> data) {
  VsockFrame frame{.op = op, .host_port = host_port, .guest_port = guest_port, .value = value};
  iovec parts[2] = {{.iov_base = &frame, .iov_len = sizeof frame},
                    {.iov_base = const_cast<std::byte*>(data.data()), .iov_len = data.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = data.empty() ? 1 : 2;
  const auto count = ::sendmsg(channel_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    channel_is_full_ = true;
    return Sent::full;
  }
  return Sent::yes;  // or the VMM is gone, which the server finds out by itself
}

}  // namespace immure::monitor
