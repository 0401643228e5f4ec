#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "monitor/byte_ring.hpp"
#include "policy/control_message.hpp"
#include "policy/statistics_message.hpp"

namespace immure::monitor {

constexpr std::size_t backlog_bytes = 64 << 10;  ///< of console output and of log lines that are kept
constexpr std::size_t input_bytes = 64 << 10;  ///< of console input that waits for a guest that does not read

/// Of one turn of the loop: a guest that writes without end does not keep clients from being served.
constexpr int reads_per_turn = 16;

enum class LinkState { open, closed };

/// What the VMM said on its control socket: copied, of the right size and with the right header. All else in
/// it is as the VMM put it, but statistics, which are checked.
struct VmmMessage {
  policy::ControlKind kind{};
  std::int32_t result = 0;
  std::uint64_t token = 0;
  std::uint64_t value = 0;
  std::optional<policy::StatisticsMessage> statistics{};
};

/// The monitor's three connections to the VMM. Everything that comes from it is guest-controlled: it is kept
/// in rings of fixed size, never parsed, and always drained, so that a guest never blocks for lack of a
/// reader.
class VmmLink {
 public:
  /// `log`: pipe; `console`: STREAM socket; `control`: SEQPACKET socket. All are used without blocking.
  VmmLink(UniqueFd log, UniqueFd console, UniqueFd control);

  [[nodiscard]] int log_fd() const { return log_.get(); }
  [[nodiscard]] int console_fd() const { return console_.get(); }
  [[nodiscard]] int control_fd() const { return control_.get(); }
  [[nodiscard]] const ByteRing& console() const { return console_ring_; }
  [[nodiscard]] const ByteRing& log() const { return log_ring_; }

  /// Takes what waits on the log pipe; at its end the pipe is closed and log_fd() is -1.
  void drain_log();
  /// Takes a bounded part of what waits on the console; `closed` once the VMM is gone.
  LinkState drain_console();

  /// Keeps input for the guest; the caller asked input_room() before.
  void queue_input(std::span<const std::byte> data);
  [[nodiscard]] std::size_t input_room() const { return input_bytes - pending_input(); }
  [[nodiscard]] std::size_t pending_input() const {
    return static_cast<std::size_t>(input_.end() - input_sent_);
  }
  /// Writes queued input as far as the guest takes it. That the VMM is gone is for drain_console() to find,
  /// after its last bytes.
  void flush_input();

  /// Sends a request to the VMM; the header is filled in. Its answer has the same token.
  Result<void> request(policy::ControlMessage message);
  /// The next message of the VMM that is one; nothing where none waits, or too many in a row were none.
  std::optional<VmmMessage> receive();

 private:
  enum class Datagram { good, bad, none };
  Datagram receive_into(VmmMessage& message);

  UniqueFd log_;
  UniqueFd console_;
  UniqueFd control_;
  ByteRing console_ring_{backlog_bytes};
  ByteRing log_ring_{backlog_bytes};
  ByteRing input_{input_bytes};
  std::uint64_t input_sent_ = 0;
};

}  // namespace immure::monitor
