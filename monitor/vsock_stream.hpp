#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/unique_fd.hpp"
#include "monitor/byte_ring.hpp"
#include "monitor/client.hpp"
#include "policy/vsock_frame.hpp"

namespace immure::monitor {

/// What a program of the host wants: its first line, "CONNECT PORT\n" or "ACCEPT PORT\n", decimal.
struct VsockWish {
  enum class Kind : std::uint8_t { connect, accept };
  Kind kind{};
  std::uint32_t port = 0;
};
std::optional<VsockWish> parse_vsock_wish(std::string_view line);

/// A program of the host at the vsock socket, and its half of a connection with the guest. What the guest
/// sent waits in a ring as long as the guest's window; what the program sends waits in its own socket.
class VsockStream {
 public:
  enum class State : std::uint8_t {
    asking,      ///< its first line is not whole yet
    accepting,   ///< waits for the guest to connect to its port
    connecting,  ///< the guest was asked
    open,
    finishing  ///< the guest closed: what it sent before is still delivered
  };

  VsockStream(UniqueFd fd, Clock::time_point now) : fd_(std::move(fd)), since_(now) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::uint32_t host_port() const { return host_port_; }
  [[nodiscard]] std::uint32_t guest_port() const { return guest_port_; }
  [[nodiscard]] bool is_connection(const policy::VsockFrame& frame) const;
  /// What poll(2) is to watch.
  [[nodiscard]] short wanted_events() const;
  /// Whether poll(2) would tell nothing but, again and again, that the program is gone.
  [[nodiscard]] bool is_mute() const { return hung_up_ && wanted_events() == 0; }
  /// Whether it asks, or is asked about, for longer than anything may take.
  [[nodiscard]] bool is_late(Clock::time_point now) const;

  /// Reads more of the first line: a wish once it is whole, a wrong one where it is none.
  enum class Line : std::uint8_t { partial, whole, wrong };
  Line read_line(VsockWish& wish);
  void start_accepting(std::uint32_t host_port);
  void start_connecting(std::uint32_t host_port, std::uint32_t guest_port, Clock::time_point now);
  /// Tells the program "OK PORT\n": the guest's port of a connection that it accepted, its own else.
  void start_open(std::uint32_t guest_port);
  void start_finishing() { state_ = State::finishing; }

  /// The guest sent these bytes; false where it had no window for them.
  [[nodiscard]] bool queue(std::span<const std::byte> data);
  /// Delivers what waits; yields how many of the guest's bytes the program took.
  ClientState flush(std::uint32_t& taken);
  /// What the guest is to get next, as far as its credit goes; it stays in the program's socket until
  /// consume(). Empty: nothing now.
  std::span<std::byte> peek(std::span<std::byte> buffer);
  void consume(std::span<std::byte> peeked);
  void hang_up() { hung_up_ = true; }
  /// The program is gone, and everything that it sent is on its way.
  [[nodiscard]] bool has_ended() const { return ended_ && hung_up_; }
  [[nodiscard]] bool has_output() const { return delivered_ < output_.end(); }

  /// The guest can take, or will take or send, this much more.
  void add_credit(std::uint32_t bytes) { credit_ = bytes > ~credit_ ? ~0U : credit_ + bytes; }
  void guest_shuts_down(std::uint32_t flags) { guest_shut_ |= flags; }
  [[nodiscard]] bool is_shut_by_guest() const;

  // Frames that the VMM's socket had no room for.
  std::uint32_t owed_credit = 0;  ///< bytes that the program took
  bool owes_opening = false;      ///< open or opened, as the state says
  bool owes_shutdown = false;

 private:
  static constexpr std::size_t longest_answer = 16;  // "OK 4294967295\n"

  UniqueFd fd_;
  Clock::time_point since_;
  State state_ = State::asking;
  std::string line_;
  std::uint32_t host_port_ = 0;
  std::uint32_t guest_port_ = 0;
  ByteRing output_{policy::vsock_window + longest_answer};
  std::uint64_t delivered_ = 0;
  std::uint64_t not_the_guests_ = 0;  // bytes at the front of the output that are our own answer
  std::uint32_t credit_ = 0;
  std::uint32_t guest_shut_ = 0;
  bool ended_ = false;
  bool hung_up_ = false;
  bool told_end_ = false;
};

}  // namespace immure::monitor
