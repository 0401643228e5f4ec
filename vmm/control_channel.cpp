#include "vmm/control_channel.hpp"

#include <cerrno>

#include <sys/socket.h>

#include "base/io.hpp"

namespace immure::vmm {

ControlChannel::State ControlChannel::serve() {
  // A bound on one wake-up, so that a monitor that never stops cannot keep the thread from its other work.
  constexpr unsigned max_messages = 16;
  for (unsigned i = 0; i < max_messages; ++i) {
    policy::ControlMessage message;
    const auto size = ::recv(fd_, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0) return errno == EAGAIN || errno == EINTR ? State::open : State::closed;
    if (size == 0) return State::closed;
    if (size != sizeof(message) || !policy::check_header(message, "a control message")) {
      log_.warn("dropped a malformed message");
      continue;
    }
    answer(message);
  }
  return State::open;
}

void ControlChannel::answer(policy::ControlMessage& message) {
  if (message.kind == policy::ControlKind::statistics) {
    auto statistics = statistics_();
    statistics.token = message.token;
    return send(bytes_of(statistics));
  }
  message.result = carry_out(message);
  send(bytes_of(message));
}

void ControlChannel::tell(policy::ControlKind kind, std::uint64_t value) {
  send(bytes_of(policy::ControlMessage{
      .header = policy::header_of<policy::ControlMessage>(), .kind = kind, .value = value}));
}

/// A monitor that does not read makes nothing wait.
void ControlChannel::send(std::span<const std::byte> message) {
  (void)::send(fd_, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/// 0 or an errno.
std::int32_t ControlChannel::carry_out(const policy::ControlMessage& message) {
  switch (message.kind) {
    case policy::ControlKind::power_button:
      power_.press_button();
      return 0;
    case policy::ControlKind::reset:
      power_.press_reset();
      return 0;
    case policy::ControlKind::ping:
      return 0;
    case policy::ControlKind::balloon:
      if (balloon_ == nullptr) return ENODEV;
      balloon_->ask_for(message.value);
      return 0;
    case policy::ControlKind::limit:
      return change_limit(message.limit);
    case policy::ControlKind::statistics:
    case policy::ControlKind::started:
    case policy::ControlKind::ended:
      break;
  }
  return ENOSYS;
}

std::int32_t ControlChannel::change_limit(const policy::LimitChange& change) {
  if (!change.device.is_well_formed() || !policy::check(change.limit, "limit")) return EINVAL;
  return change_limit_(change.device.view(), change.limit) ? 0 : ENODEV;
}

}  // namespace immure::vmm
