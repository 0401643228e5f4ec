#include "cli/console/monitor_client.hpp"

#include <algorithm>

#include <poll.h>
#include <sys/socket.h>

#include "cli/console/guest_socket.hpp"

namespace immure::cli {

using policy::MonitorKind;
using policy::MonitorMessage;

Expected<MonitorClient> MonitorClient::connect(std::string_view guest) {
  return MonitorClient(IMMURE_TRY(connect_to_guest(guest, "monitor.sock", SOCK_SEQPACKET)));
}

Result<void> MonitorClient::send(MonitorKind kind, std::string_view text) {
  MonitorMessage message{.header = policy::header_of<MonitorMessage>(), .kind = kind};
  if (text.size() > message.data.size()) return invalid("send to the monitor: the text is too long");
  std::ranges::copy(text, message.data.begin());
  message.length = static_cast<std::uint32_t>(text.size());
  if (::send(fd_.get(), &message, sizeof message, MSG_NOSIGNAL) < 0)
    return system_error("send to the monitor");
  return {};
}

Result<std::optional<MonitorMessage>> MonitorClient::receive() {
  MonitorMessage message{};
  ssize_t n = 0;
  do {
    n = ::recv(fd_.get(), &message, sizeof message, MSG_TRUNC);
  } while (n < 0 && errno == EINTR);
  if (n == 0 || (n < 0 && errno == ECONNRESET)) return std::nullopt;
  if (n < 0) return system_error("receive from the monitor");
  if (n != static_cast<ssize_t>(sizeof message))
    return invalid("the monitor sent a datagram of a wrong size");
  IMMURE_TRY(policy::check_header(message, "the monitor's message"));
  if (message.length > message.data.size()) return invalid("the monitor sent a wrong length");
  return message;
}

Result<std::optional<MonitorMessage>> MonitorClient::receive_within(std::chrono::milliseconds patience) {
  pollfd polled{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  const int n = ::poll(&polled, 1, static_cast<int>(patience.count()));
  if (n < 0) return system_error("poll the monitor");
  if (n == 0) return invalid("the monitor does not answer");
  return receive();
}

std::string_view text_of(const MonitorMessage& message) { return {message.data.data(), message.length}; }

}  // namespace immure::cli
