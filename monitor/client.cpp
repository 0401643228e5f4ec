#include "monitor/client.hpp"

#include <algorithm>

#include <sys/socket.h>

namespace immure::monitor {

using policy::MonitorKind;
using policy::MonitorMessage;

void Client::attach(const ByteRing& console) {
  attached_ = true;
  console_next_ = console.begin();
}

bool Client::read_log(const ByteRing& log, LogReading how) {
  if (attached_ || log_reading_ != LogReading::none) return false;
  log_reading_ = how;
  log_next_ = log.begin();
  log_end_ = log.end();
  return true;
}

ClientState Client::answer(MonitorKind kind, std::int32_t result) {
  if (answers_.size() >= max_answers) return ClientState::gone;
  answers_.push_back({.kind = kind, .result = result});
  return ClientState::alive;
}

bool Client::wants_to_send(const ByteRing& console, const ByteRing& log) const {
  if (!answers_.empty() || closing_ || log_reading_ == LogReading::what_is_there) return true;
  return (attached_ && console_next_ < console.end()) ||
         (log_reading_ == LogReading::following && log_next_ < log.end());
}

Client::Sent Client::send(const MonitorMessage& message) {
  const auto n = ::send(fd_.get(), &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n >= 0) {
    ++datagrams_;
    return Sent::yes;
  }
  return errno == EAGAIN || errno == EINTR ? Sent::full : Sent::broken;
}

Client::Sent Client::send_answers() {
  while (!answers_.empty()) {
    const auto& next = answers_.front();
    const auto sent =
        send({.header = policy::header_of<MonitorMessage>(), .kind = next.kind, .result = next.result});
    if (sent != Sent::yes) return sent;
    answers_.erase(answers_.begin());
  }
  return Sent::yes;
}

Client::Sent Client::send_stream(const ByteRing& ring, std::uint64_t& from, std::uint64_t end) {
  // A client that fell behind loses the bytes that the ring no longer has; the guest waits for no client.
  from = std::max(from, ring.begin());
  while (from < end) {
    MonitorMessage message{.header = policy::header_of<MonitorMessage>(), .kind = MonitorKind::console_data};
    const auto room = std::min<std::uint64_t>(message.data.size(), end - from);
    const auto count = ring.copy(
        from, std::as_writable_bytes(std::span(message.data)).first(static_cast<std::size_t>(room)));
    message.length = static_cast<std::uint32_t>(count);
    if (const auto sent = send(message); sent != Sent::yes) return sent;
    from += count;
  }
  return Sent::yes;
}

ClientState Client::flush(const ByteRing& console, const ByteRing& log, Clock::time_point now) {
  const auto before = datagrams_;
  auto sent = send_answers();
  if (sent == Sent::yes && attached_) sent = send_stream(console, console_next_, console.end());
  if (sent == Sent::yes && log_reading_ == LogReading::following) {
    sent = send_stream(log, log_next_, log.end());
  }
  if (sent == Sent::yes && log_reading_ == LogReading::what_is_there) {
    sent = send_stream(log, log_next_, log_end_);
    if (sent == Sent::yes) {
      log_reading_ = LogReading::none;
      if (answer(MonitorKind::done, 0) == ClientState::gone) return ClientState::gone;
      sent = send_answers();
    }
  }
  if (sent == Sent::yes && closing_) {
    sent = send({.header = policy::header_of<MonitorMessage>(), .kind = MonitorKind::closed});
    closing_ = sent == Sent::full;
  }
  if (sent == Sent::broken) return ClientState::gone;
  if (sent == Sent::yes || datagrams_ != before) last_progress_ = now;
  return now - last_progress_ > patience ? ClientState::gone : ClientState::alive;
}

}  // namespace immure::monitor
