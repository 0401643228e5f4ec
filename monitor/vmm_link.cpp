#include "monitor/vmm_link.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>

#include "base/io.hpp"

namespace immure::monitor {
namespace {

using policy::ControlKind;
using policy::ControlMessage;
using policy::StatisticsMessage;

enum class ReadOutcome { drained, more, ended };

template <typename Read>
ReadOutcome drain(ByteRing& ring, Read read_some) {
  std::array<std::byte, 4096> chunk{};
  for (int i = 0; i < reads_per_turn; ++i) {
    const ssize_t n = read_some(chunk);
    if (n == 0) return ReadOutcome::ended;
    if (n < 0) {
      return errno == EAGAIN || errno == EINTR ? ReadOutcome::drained : ReadOutcome::ended;
    }
    ring.append(std::span(chunk).first(static_cast<std::size_t>(n)));
  }
  return ReadOutcome::more;
}

/// O_NONBLOCK belongs to the open file, which nobody else reads from: no blocking call can hang the loop.
void make_non_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) (void)::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

}  // namespace

VmmLink::VmmLink(UniqueFd log, UniqueFd console, UniqueFd control)
    : log_(std::move(log)), console_(std::move(console)), control_(std::move(control)) {
  make_non_blocking(log_.get());
  make_non_blocking(console_.get());
  make_non_blocking(control_.get());
}

void VmmLink::drain_log() {
  const auto outcome =
      drain(log_ring_, [&](std::span<std::byte> out) { return ::read(log_.get(), out.data(), out.size()); });
  if (outcome == ReadOutcome::ended) log_.reset();
}

LinkState VmmLink::drain_console() {
  const auto outcome = drain(console_ring_, [&](std::span<std::byte> out) {
    return ::recv(console_.get(), out.data(), out.size(), MSG_DONTWAIT);
  });
  return outcome == ReadOutcome::ended ? LinkState::closed : LinkState::open;
}

void VmmLink::queue_input(std::span<const std::byte> data) {
  input_.append(data.first(std::min(data.size(), input_room())));
}

void VmmLink::flush_input() {
  std::array<std::byte, 4096> chunk{};
  while (const auto count = input_.copy(input_sent_, chunk)) {
    const auto n = ::send(console_.get(), chunk.data(), count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) return;
    input_sent_ += static_cast<std::uint64_t>(n);
  }
}

Result<void> VmmLink::request(ControlMessage message) {
  message.header = policy::header_of<ControlMessage>();
  const auto n = ::send(control_.get(), &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0) return system_error("send a request to the VMM");
  return {};
}

std::optional<VmmMessage> VmmLink::receive() {
  VmmMessage message;
  for (int i = 0; i < reads_per_turn && control_; ++i) {
    const auto datagram = receive_into(message);
    if (datagram == Datagram::good) return message;
    if (datagram == Datagram::none) break;
  }
  return std::nullopt;
}

/// The two kinds of message are told apart by their size.
VmmLink::Datagram VmmLink::receive_into(VmmMessage& message) {
  std::array<std::byte, std::max(sizeof(ControlMessage), sizeof(StatisticsMessage))> bytes{};
  const auto n = ::recv(control_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Datagram::none;
  if (n <= 0) {
    control_.reset();
    return Datagram::none;
  }
  if (n == static_cast<ssize_t>(sizeof(ControlMessage))) {
    ControlMessage control;
    std::memcpy(static_cast<void*>(&control), bytes.data(), sizeof control);
    if (!policy::check_header(control, "answer") || control.kind == ControlKind::statistics)
      return Datagram::bad;
    message = {
        .kind = control.kind, .result = control.result, .token = control.token, .value = control.value};
    return Datagram::good;
  }
  if (n != static_cast<ssize_t>(sizeof(StatisticsMessage))) return Datagram::bad;
  auto& statistics = message.statistics.emplace();
  std::memcpy(static_cast<void*>(&statistics), bytes.data(), sizeof statistics);
  message.kind = ControlKind::statistics;
  message.token = statistics.token;
  return policy::check(statistics) ? Datagram::good : Datagram::bad;
}

}  // namespace immure::monitor
