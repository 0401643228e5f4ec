#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "policy/vsock_frame.hpp"
#include "vmm/virtio/vsock_layout.hpp"

namespace immure::vmm::virtio {

/// The two ports by which both sides know a connection; guest-controlled.
struct VsockPorts {
  std::uint32_t host = 0;
  std::uint32_t guest = 0;

  friend bool operator==(const VsockPorts&, const VsockPorts&) = default;
};

/// One connection: no data, only how much of it there was. All counts wrap (VIRTIO 1.2, 5.10.6.3).
struct VsockConnection {
  enum class State : std::uint8_t { wanted_by_guest, wanted_by_host, open };

  VsockPorts ports;
  State state{};

  // Of what the guest sends.
  std::uint32_t received = 0;        ///< from the guest
  std::uint32_t forwarded = 0;       ///< of that, what a program of the host has taken
  std::uint32_t told_forwarded = 0;  ///< what the guest knows of it

  // Of what the guest is sent.
  std::uint32_t sent = 0;             ///< to the guest
  std::uint32_t granted = 0;          ///< how far the monitor may go
  std::uint32_t guest_forwarded = 0;  ///< the guest's words
  std::uint32_t guest_buffer = 0;

  // Packets that wait for a buffer of the guest.
  bool owes_request = false;
  bool owes_response = false;
  bool owes_credit = false;
  std::uint32_t owes_shutdown = 0;  ///< flags

  /// Bytes that the guest may still send.
  [[nodiscard]] std::uint32_t window() const { return policy::vsock_window - (received - forwarded); }
  /// Bytes that the monitor may send beyond `granted`; zero where a guest took room back.
  [[nodiscard]] std::uint32_t new_grant() const {
    const auto grant = guest_forwarded + guest_buffer - granted;
    return grant <= guest_buffer ? grant : 0;
  }
};

/// The connections of one guest, and the resets that wait for a buffer of it: both bounded.
class VsockConnections {
 public:
  [[nodiscard]] VsockConnection* find(VsockPorts ports);
  /// Null where there are too many.
  VsockConnection* add(VsockPorts ports, VsockConnection::State state);
  void remove(const VsockConnection& connection);
  void clear();
  [[nodiscard]] std::span<VsockConnection> all() { return std::span(connections_).first(count_); }

  /// Once there is no room for one more, whatever could need it has to wait.
  [[nodiscard]] bool has_room_for_reset() const { return reset_count_ < resets_.size(); }
  void owe_reset(VsockPorts ports);
  [[nodiscard]] std::optional<VsockPorts> next_reset() const;
  void reset_is_sent();

 private:
  std::array<VsockConnection, policy::max_vsock_connections> connections_{};
  std::size_t count_ = 0;
  std::array<VsockPorts, policy::max_vsock_connections> resets_{};
  std::size_t reset_count_ = 0;
};

}  // namespace immure::vmm::virtio
