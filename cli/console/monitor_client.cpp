#include "cli/console/monitor_client.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/io.hpp"
#include "cli/console/socket_label.hpp"
#include "cli/state/guest_directory.hpp"
#include "policy/guest_state.hpp"

namespace immure::cli {
namespace {

using policy::MonitorKind;
using policy::MonitorMessage;

constexpr std::chrono::seconds answer_time{5};

/// The answer to a request that the monitor passed on to the VMM.
Expected<void> await_vmm(MonitorClient& monitor, const char* what) {
  const auto answer = IMMURE_TRY(monitor.receive_within(answer_time));
  // The guest may end before the answer comes: after a press of the button that is what was asked for.
  if (!answer || answer->kind == MonitorKind::closed) return {};
  if (answer->kind != MonitorKind::done) {
    return fail(ExitCode::failure, fmt::format("{}: the monitor gave an unexpected answer", what));
  }
  if (answer->result != 0) return system_error(what, answer->result);
  return {};
}

/// One request that the monitor passes on to the VMM, and its answer.
Expected<void> ask_vmm(std::string_view guest, MonitorKind kind, std::uint64_t value, const char* what) {
  auto monitor = IMMURE_TRY(MonitorClient::connect(guest));
  IMMURE_TRY(monitor.send_value(kind, value));
  return await_vmm(monitor, what);
}

}  // namespace

Expected<MonitorClient> MonitorClient::connect(std::string_view guest) {
  IMMURE_TRY(require_guest_name(guest));
  const auto path = fmt::format("{}/{}/monitor.sock", policy::guests_directory, guest);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) {
    return fail(ExitCode::failure, "connect to the monitor: " + path + ": the path is too long");
  }
  std::ranges::copy(path, address.sun_path);
  // The monitor may only use a socket with its guest's categories: ours must have them before it connects.
  // Where the record cannot be read, the label is not ours to know and connect(2) says what is wrong.
  if (const auto state = read_guest_state(policy::guests_directory, guest); state && !state->label.empty()) {
    IMMURE_TRY(label_sockets_for(std::string(state->label.view())));
  }
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("make a socket");
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return MonitorClient(std::move(fd));
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return no_such_guest(guest);
  const auto error = system_error("connect to the monitor: " + path).error();
  const bool denied = error.error_number == EACCES || error.error_number == EPERM;
  return fail(denied ? ExitCode::not_permitted : ExitCode::failure, error.message,
              denied ? "root, or the owner of the guest, may do this" : "");
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

Result<void> MonitorClient::send_value(MonitorKind kind, std::uint64_t value) {
  const MonitorMessage message{.header = policy::header_of<MonitorMessage>(),
                               .kind = kind,
                               .result = 0,
                               .length = 0,
                               .reserved = 0,
                               .value = value,
                               .data = {}};
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

Expected<void> press_power_button(std::string_view guest) {
  return ask_vmm(guest, MonitorKind::power_button, 0, "press the power button");
}

Expected<void> set_balloon(std::string_view guest, std::uint64_t bytes) {
  return ask_vmm(guest, MonitorKind::balloon, bytes, "set the balloon");
}

Expected<void> set_limit(std::string_view guest, const policy::LimitChange& change) {
  auto monitor = IMMURE_TRY(MonitorClient::connect(guest));
  const auto bytes = bytes_of(change);
  IMMURE_TRY(monitor.send(MonitorKind::limit, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  return await_vmm(monitor, "change the limit");
}

std::string_view text_of(const MonitorMessage& message) { return {message.data.data(), message.length}; }

}  // namespace immure::cli
