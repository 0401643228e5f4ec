#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/unique_fd.hpp"
#include "monitor/byte_ring.hpp"
#include "policy/control_message.hpp"

namespace immure::monitor {

using Clock = std::chrono::steady_clock;

enum class ClientState { alive, gone };

/// What of the VMM's log a client reads: what is there now, or that and all that comes.
enum class LogReading { none, what_is_there, following };

/// One connected client. What it is to be sent is a place in a ring, not a buffer; short answers wait in a
/// queue of bounded length.
class Client {
 public:
  /// Answers that may wait for a client that does not read.
  static constexpr std::size_t max_answers = 16;
  /// A client that takes nothing for this long although there is something for it is dropped.
  static constexpr std::chrono::seconds patience{30};

  Client(UniqueFd fd, Clock::time_point now) : fd_(std::move(fd)), last_progress_(now) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool is_attached() const { return attached_; }

  /// From now on the console is sent, from the oldest byte kept.
  void attach(const ByteRing& console);
  /// The log is sent, from the oldest byte kept; `done` after what is there, unless it is followed. False
  /// where that cannot be: the client reads a stream already.
  [[nodiscard]] bool read_log(const ByteRing& log, LogReading how);
  /// Queues a message without data.
  ClientState answer(policy::MonitorKind kind, std::int32_t result);

  /// Once everything else was sent, `closed` is, as the last datagram.
  void close_after_stream() { closing_ = true; }

  /// True while something waits for the client.
  [[nodiscard]] bool wants_to_send(const ByteRing& console, const ByteRing& log) const;
  /// Sends as much as the socket takes. `gone` on a broken connection or a spent patience.
  ClientState flush(const ByteRing& console, const ByteRing& log, Clock::time_point now);

 private:
  enum class Sent { yes, full, broken };
  struct Answer {
    policy::MonitorKind kind{};
    std::int32_t result = 0;
  };
  Sent send(const policy::MonitorMessage& message);
  Sent send_answers();
  Sent send_stream(const ByteRing& ring, std::uint64_t& from, std::uint64_t end);

  UniqueFd fd_;
  Clock::time_point last_progress_;
  bool attached_ = false;
  LogReading log_reading_ = LogReading::none;
  bool closing_ = false;
  std::uint64_t console_next_ = 0;
  std::uint64_t log_next_ = 0;
  std::uint64_t log_end_ = 0;
  std::vector<Answer> answers_;
  std::uint64_t datagrams_ = 0;  ///< sent so far: what counts as progress
};

}  // namespace immure::monitor
