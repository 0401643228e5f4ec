#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include <poll.h>
#include <sys/types.h>

#include "base/unique_fd.hpp"
#include "monitor/vsock_stream.hpp"

namespace immure::monitor {

/// The host's side of a guest's vsock: programs connect to one STREAM socket and say "CONNECT PORT\n" to
/// reach a port of the guest, or "ACCEPT PORT\n" to wait for the guest to connect to that port of the host,
/// once. The answer is "OK PORT\n"; then come the other side's bytes. A connection that is refused is closed.
/// The monitor itself never connects anywhere: it has no file system and no call for it.
///
/// Neither the programs nor the VMM are trusted: the number of streams, the bytes that wait for each and the
/// time that they may take to say what they want are bounded.
class VsockHub {
 public:
  /// `channel`: a SEQPACKET socket to the VMM, made non-blocking; `listener`: a listening STREAM socket. Root
  /// and `owner` are served, nobody else.
  VsockHub(UniqueFd channel, UniqueFd listener, uid_t owner);

  /// Adds what poll(2) is to watch.
  void collect(std::vector<pollfd>& polled) const;
  /// Whether something has to happen although no fd becomes ready.
  [[nodiscard]] bool has_deadline() const;
  /// Serves what poll(2) found: the fds are in the order of collect(), from the front.
  void serve(std::span<const pollfd> polled);

 private:
  enum class Sent : std::uint8_t { yes, full };

  void accept_program();
  ClientState serve_stream(VsockStream& stream, short events, Clock::time_point now);
  ClientState start(VsockStream& stream, const VsockWish& wish);
  ClientState move_bytes(VsockStream& stream);
  void receive_frames();
  void handle_frame(const policy::VsockFrame& frame, std::span<const std::byte> data);
  ClientState handle_known(VsockStream& stream, const policy::VsockFrame& frame,
                           std::span<const std::byte> data);
  void handle_open(const policy::VsockFrame& frame);

  void drop(std::size_t index);
  void refuse(const policy::VsockFrame& frame);
  Sent send_owed(VsockStream& stream);
  Sent send(policy::VsockOp op, std::uint32_t host_port, std::uint32_t guest_port, std::uint32_t value = 0,
            std::span<const std::byte> data = {});

  UniqueFd channel_;
  UniqueFd listener_;
  uid_t owner_;
  std::vector<VsockStream> streams_;
  std::uint32_t next_host_port_ = policy::first_vsock_host_port;
  std::deque<policy::VsockFrame> closings_;  // that the VMM's socket had no room for; the oldest go first
  bool channel_is_full_ = false;
};

}  // namespace immure::monitor
