#include "monitor/varlink_client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <poll.h>
#include <sys/socket.h>

#include "monitor/varlink_call.hpp"

namespace immure::monitor {

short VarlinkClient::wanted_events() const {
  // Without POLLIN a client that goes away shows as POLLHUP.
  return static_cast<short>((is_idle() && !ended_ ? POLLIN : 0) | (has_output() ? POLLOUT : 0));
}

ClientState VarlinkClient::receive(Clock::time_point now) {
  std::array<char, 4096> chunk{};
  for (;;) {
    // Room for a whole call and its NUL, and for what else came with it.
    const auto room = std::min(chunk.size(), max_call_bytes + 1 - (input_.size() - taken_));
    if (room == 0) break;
    const auto count = ::recv(fd_.get(), chunk.data(), room, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (count < 0) return ClientState::gone;
    ended_ = count == 0;
    if (ended_) break;
    input_.append(chunk.data(), static_cast<std::size_t>(count));
    last_progress_ = now;
  }
  const bool is_full = input_.size() - taken_ > max_call_bytes;
  return is_full && input_.find('\0', taken_) == input_.npos ? ClientState::gone : ClientState::alive;
}

std::optional<std::string_view> VarlinkClient::next_call() {
  input_.erase(0, std::exchange(taken_, 0));
  if (!is_idle()) return std::nullopt;
  const auto end = input_.find('\0');
  if (end == input_.npos) return std::nullopt;
  taken_ = end + 1;
  return std::string_view(input_).substr(0, end);
}

ClientState VarlinkClient::queue(std::string_view message) {
  is_overfull_ |= output_.size() + message.size() + 1 > max_output_bytes;
  if (is_overfull_) return ClientState::gone;
  output_ += message;
  output_ += '\0';
  return ClientState::alive;
}

ClientState VarlinkClient::flush(Clock::time_point now) {
  while (!output_.empty()) {
    const auto sent = ::send(fd_.get(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
      return now - last_progress_ > Client::patience ? ClientState::gone : ClientState::alive;
    if (sent < 0) return ClientState::gone;
    output_.erase(0, static_cast<std::size_t>(sent));
    last_progress_ = now;
  }
  return ClientState::alive;
}

}  // namespace immure::monitor
