#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "monitor/client.hpp"
#include "monitor/guest_service.hpp"

namespace immure::monitor {

/// One connected client of the varlink socket: bytes in, bytes out, and what it waits for. Messages end with
/// a NUL byte. It is answered one call at a time: the next one is read only once the last answer is sent, so
/// that neither side's buffer can grow.
class VarlinkClient {
 public:
  /// Answers and events that wait for a client that does not read; more, and it is dropped.
  static constexpr std::size_t max_output_bytes = 64 << 10;

  VarlinkClient(UniqueFd fd, Clock::time_point now) : fd_(std::move(fd)), last_progress_(now) {}

  /// A call that the VMM has not answered yet.
  struct Waiting {
    VmmRequest request;
    std::uint64_t token = 0;
    Clock::time_point deadline;
    bool is_oneway = false;
  };
  std::optional<Waiting> waiting;
  bool is_subscribed = false;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Neither answered at the moment nor sent events.
  [[nodiscard]] bool is_idle() const { return !waiting && !is_subscribed && output_.empty(); }
  [[nodiscard]] bool has_output() const { return !output_.empty(); }
  /// When it last said or took anything.
  [[nodiscard]] Clock::time_point last_progress() const { return last_progress_; }
  /// What poll(2) is to watch.
  [[nodiscard]] short wanted_events() const;

  /// Takes what came, as far as there is room. `gone` where the connection is broken, or a call is too long.
  ClientState receive(Clock::time_point now);
  /// The next whole call, where it may be answered now; it stays valid until the next call of this.
  std::optional<std::string_view> next_call();
  /// Nothing is to come from it, and nothing to be sent to it; or too much.
  [[nodiscard]] bool has_ended() const { return is_overfull_ || (ended_ && is_idle()); }

  /// Queues a message; `gone` where too much waits already, and then it stays so.
  ClientState queue(std::string_view message);
  /// Sends what the socket takes; `gone` on a broken connection or spent patience (Client::patience).
  ClientState flush(Clock::time_point now);

 private:
  UniqueFd fd_;
  std::string input_;
  std::size_t taken_ = 0;  // bytes at the front of input_ that were a call
  std::string output_;
  bool ended_ = false;
  bool is_overfull_ = false;
  Clock::time_point last_progress_;
};

}  // namespace immure::monitor
