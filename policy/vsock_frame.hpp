#pragma once

#include <cstdint>

namespace immure::policy {

/// What VMM and monitor say to each other of the guest's vsock connections, one frame per datagram on
/// vmm_fd::vsock: this header, and behind the one of `data` its bytes. Neither side trusts the other. A
/// connection is named by its two ports; those of connections from the host are drawn by the monitor.
///
/// open: a connection is wanted, by whoever sends this; the answer is opened or close.
/// data: `value` bytes, never more than the other side gave credit for.
/// credit: the sender can take `value` bytes more. Of the guest's data the VMM starts with vsock_window.
/// shutdown: `value` is as in VIRTIO 1.2, 5.10.6.6: the sender receives (1) or sends (2) no more.
/// close: the connection is gone. reset, VMM only: all of them are.
enum class VsockOp : std::uint32_t { open = 1, opened, data, credit, shutdown, close, reset };

struct VsockFrame {
  VsockOp op{};
  std::uint32_t host_port = 0;
  std::uint32_t guest_port = 0;
  std::uint32_t value = 0;

  friend bool operator==(const VsockFrame&, const VsockFrame&) = default;
};
static_assert(sizeof(VsockFrame) == 16);

constexpr std::uint32_t max_vsock_payload = 16 << 10;  ///< of one data frame
constexpr std::uint32_t vsock_window = 32 << 10;     ///< a guest's bytes that wait for a program of the host
constexpr std::uint32_t max_vsock_connections = 64;  ///< of one guest, both ways together
constexpr std::uint32_t first_vsock_host_port = 1U << 30;  ///< of what the monitor draws; counts up from here
constexpr std::uint32_t vsock_no_receive = 1;
constexpr std::uint32_t vsock_no_send = 2;

}  // namespace immure::policy
