#include "monitor/vsock_stream.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <poll.h>
#include <sys/socket.h>

namespace immure::monitor {
namespace {

constexpr std::size_t longest_line = 32;
constexpr std::chrono::seconds longest_wait{10};

}  // namespace

std::optional<VsockWish> parse_vsock_wish(std::string_view line) {
  VsockWish wish;
  if (line.starts_with("CONNECT ")) {
    line.remove_prefix(8);
  } else if (line.starts_with("ACCEPT ")) {
    wish.kind = VsockWish::Kind::accept;
    line.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  const auto [end, failed] = std::from_chars(line.data(), line.data() + line.size(), wish.port);
  if (failed != std::errc{} || end != line.data() + line.size()) return std::nullopt;
  return wish;
}

bool VsockStream::is_connection(const policy::VsockFrame& frame) const {
  return (state_ == State::connecting || state_ == State::open) && frame.host_port == host_port_ &&
         frame.guest_port == guest_port_;
}

short VsockStream::wanted_events() const {
  // Without POLLIN a peer that goes away shows as POLLHUP.
  const bool hears = state_ == State::asking || (state_ == State::open && credit_ > 0 && !ended_);
  return static_cast<short>((hears ? POLLIN : 0) | (has_output() ? POLLOUT : 0));
}

bool VsockStream::is_late(Clock::time_point now) const {
  return (state_ == State::asking || state_ == State::connecting) && now - since_ > longest_wait;
}

/// Byte for byte, since what follows the line is the guest's.
VsockStream::Line VsockStream::read_line(VsockWish& wish) {
  char next = 0;
  while (::recv(fd_.get(), &next, 1, MSG_DONTWAIT) == 1) {
    if (next == '\n') {
      const auto parsed = parse_vsock_wish(line_);
      if (parsed) wish = *parsed;
      return parsed ? Line::whole : Line::wrong;
    }
    line_ += next;
    if (line_.size() > longest_line) return Line::wrong;
  }
  return errno == EAGAIN || errno == EINTR ? Line::partial : Line::wrong;
}

void VsockStream::start_accepting(std::uint32_t host_port) {
  state_ = State::accepting;
  host_port_ = host_port;
}

void VsockStream::start_connecting(std::uint32_t host_port, std::uint32_t guest_port, Clock::time_point now) {
  state_ = State::connecting;
  host_port_ = host_port;
  guest_port_ = guest_port;
  since_ = now;
  owes_opening = true;
}

void VsockStream::start_open(std::uint32_t guest_port) {
  const bool accepted = state_ == State::accepting;
  state_ = State::open;
  guest_port_ = guest_port;
  owes_opening = accepted;
  const auto answer = "OK " + std::to_string(accepted ? guest_port : host_port_) + "\n";
  output_.append(std::as_bytes(std::span(answer)));
  not_the_guests_ = answer.size();
}

bool VsockStream::queue(std::span<const std::byte> data) {
  const auto waiting = output_.end() - std::max(delivered_, not_the_guests_) + owed_credit;
  if (waiting + data.size() > policy::vsock_window) return false;
  output_.append(data);
  return true;
}

ClientState VsockStream::flush(std::uint32_t& taken) {
  std::array<std::byte, 4096> chunk{};
  const auto before = std::max(delivered_, not_the_guests_);
  while (const auto count = output_.copy(delivered_, chunk)) {
    const auto sent = ::send(fd_.get(), chunk.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (sent < 0) return ClientState::gone;
    delivered_ += static_cast<std::uint64_t>(sent);
  }
  taken = static_cast<std::uint32_t>(std::max(delivered_, not_the_guests_) - before);
  if (!has_output() && (guest_shut_ & policy::vsock_no_send) != 0 && !told_end_) {
    told_end_ = true;
    (void)::shutdown(fd_.get(), SHUT_WR);
  }
  return ClientState::alive;
}

std::span<std::byte> VsockStream::peek(std::span<std::byte> buffer) {
  if (state_ != State::open || credit_ == 0 || ended_) return {};
  const auto size = std::min<std::size_t>(buffer.size(), credit_);
  const auto count = ::recv(fd_.get(), buffer.data(), size, MSG_DONTWAIT | MSG_PEEK);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (count <= 0) {
    ended_ = owes_shutdown = true;
    return {};
  }
  return buffer.first(static_cast<std::size_t>(count));
}

void VsockStream::consume(std::span<std::byte> peeked) {
  (void)::recv(fd_.get(), peeked.data(), peeked.size(), MSG_DONTWAIT);
  credit_ -= static_cast<std::uint32_t>(peeked.size());
}

bool VsockStream::is_shut_by_guest() const {
  constexpr auto both = policy::vsock_no_send | policy::vsock_no_receive;
  return (guest_shut_ & both) == both;
}

}  // namespace immure::monitor
