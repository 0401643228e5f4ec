#include "monitor/server.hpp"

#include <algorithm>

#include <sys/socket.h>

#include "monitor/peer.hpp"

namespace immure::monitor {
namespace {

using policy::MonitorKind;
using policy::MonitorMessage;

constexpr std::chrono::seconds goodbye_time{2};
constexpr int impatience_check_ms = 1000;

}  // namespace

Server::Server(VmmLink vmm, UniqueFd listener, uid_t owner)
    : vmm_(std::move(vmm)), listener_(std::move(listener)), owner_(owner) {
  clients_.reserve(max_clients);
}

Result<void> Server::run() {
  while (IMMURE_TRY(turn()) == LinkState::open) {
  }
  if (vmm_.log_fd() >= 0) vmm_.drain_log();
  say_goodbye();
  return {};
}

void Server::collect_poll_set() {
  polled_.clear();
  const auto add = [&](int fd, short events) {
    polled_.push_back({.fd = fd, .events = events, .revents = 0});
  };
  if (vmm_.log_fd() >= 0) add(vmm_.log_fd(), POLLIN);
  if (vmm_.control_fd() >= 0) add(vmm_.control_fd(), POLLIN);
  add(vmm_.console_fd(), static_cast<short>(vmm_.pending_input() > 0 ? POLLIN | POLLOUT : POLLIN));
  // At the cap, connections wait in the listener's backlog until a place is free.
  if (clients_.size() < max_clients) add(listener_.get(), POLLIN);
  for (const auto& client : clients_) {
    // Input for a guest that does not read waits at the client that sends it; a client that is not attached
    // (immure stop) is always heard.
    const bool hear = !client.is_attached() || vmm_.input_room() >= sizeof(MonitorMessage::data);
    const bool speak = client.wants_to_send(vmm_.console(), vmm_.log());
    add(client.fd(), static_cast<short>((hear ? POLLIN : 0) | (speak ? POLLOUT : 0)));
  }
  varlink_polled_ = polled_.size();
  if (varlink_) varlink_->collect(polled_);
  vsock_polled_ = polled_.size();
  if (vsock_) vsock_->collect(polled_);
}

short Server::ready(int fd) const {
  const auto found = std::ranges::find(polled_, fd, &pollfd::fd);
  return found == polled_.end() ? short{0} : found->revents;
}

Result<LinkState> Server::turn() {
  collect_poll_set();
  const bool impatient = (vsock_ && vsock_->has_deadline()) || (varlink_ && varlink_->has_deadline()) ||
                         std::ranges::any_of(clients_, [&](const Client& c) {
                           return c.wants_to_send(vmm_.console(), vmm_.log());
                         });
  const int n = ::poll(polled_.data(), polled_.size(), impatient ? impatience_check_ms : -1);
  if (n < 0 && errno == EINTR) return LinkState::open;
  if (n < 0) return system_error("poll");
  const auto vmm = serve_vmm();
  serve_clients();
  if (varlink_) varlink_->serve(std::span(polled_).subspan(varlink_polled_), vmm_);
  if (vsock_) vsock_->serve(std::span(polled_).subspan(vsock_polled_));
  if (ready(listener_.get()) != 0) accept_client();
  return vmm;
}

LinkState Server::serve_vmm() {
  if (vmm_.log_fd() >= 0 && ready(vmm_.log_fd()) != 0) vmm_.drain_log();
  if (vmm_.control_fd() >= 0 && ready(vmm_.control_fd()) != 0) {
    for (int i = 0; i < reads_per_turn; ++i) {
      const auto message = vmm_.receive();
      if (!message) break;
      if (varlink_) varlink_->take(*message);
    }
  }
  const auto console = ready(vmm_.console_fd());
  if ((console & POLLOUT) != 0) vmm_.flush_input();
  if ((console & ~POLLOUT) != 0) return vmm_.drain_console();
  return LinkState::open;
}

void Server::accept_client() {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd || !is_allowed(fd.get(), owner_)) return;
  clients_.emplace_back(std::move(fd), Clock::now());
}

void Server::serve_clients() {
  const auto now = Clock::now();
  std::erase_if(clients_, [&](Client& client) {
    const auto events = ready(client.fd());
    if ((events & POLLIN) != 0) {
      if (receive(client) == ClientState::gone) return true;
    } else if ((events & (POLLHUP | POLLERR)) != 0) {
      return true;
    }
    return client.wants_to_send(vmm_.console(), vmm_.log()) &&
           client.flush(vmm_.console(), vmm_.log(), now) == ClientState::gone;
  });
}

ClientState Server::receive(Client& client) {
  MonitorMessage message{};
  const auto n = ::recv(client.fd(), &message, sizeof message, MSG_DONTWAIT | MSG_TRUNC);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? ClientState::alive : ClientState::gone;
  if (n != static_cast<ssize_t>(sizeof message)) return ClientState::gone;
  if (!policy::check_header(message, "message") || message.length > message.data.size()) {
    return ClientState::gone;
  }
  return handle(client, message);
}

ClientState Server::handle(Client& client, const MonitorMessage& message) {
  switch (message.kind) {
    case MonitorKind::attach:
      client.attach(vmm_.console());
      return client.answer(MonitorKind::attached, 0);
    case MonitorKind::console_data:
      // Only an attached client is held back while the guest does not read; others would overrun the queue.
      if (!client.is_attached()) return ClientState::gone;
      vmm_.queue_input(std::as_bytes(std::span(message.data)).first(message.length));
      vmm_.flush_input();
      return ClientState::alive;
    case MonitorKind::read_log:
      return read_log(client, LogReading::what_is_there);
    case MonitorKind::follow_log:
      return read_log(client, LogReading::following);
    case MonitorKind::attached:
    case MonitorKind::done:
    case MonitorKind::closed:
      break;
  }
  return ClientState::gone;  // Not a request: the peer does not speak this protocol.
}

ClientState Server::read_log(Client& client, LogReading how) {
  return client.read_log(vmm_.log(), how) ? ClientState::alive : client.answer(MonitorKind::done, EBUSY);
}

void Server::say_goodbye() {
  for (auto& client : clients_) client.close_after_stream();
  const auto deadline = Clock::now() + goodbye_time;
  while (!clients_.empty() && Clock::now() < deadline) {
    polled_.clear();
    for (const auto& client : clients_) {
      polled_.push_back({.fd = client.fd(), .events = POLLOUT, .revents = 0});
    }
    if (::poll(polled_.data(), polled_.size(), 100) < 0 && errno != EINTR) return;
    const auto now = Clock::now();
    std::erase_if(clients_, [&](Client& client) {
      return client.flush(vmm_.console(), vmm_.log(), now) == ClientState::gone ||
             !client.wants_to_send(vmm_.console(), vmm_.log());
    });
  }
}

}  // namespace immure::monitor
