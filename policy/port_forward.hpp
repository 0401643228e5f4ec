#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace immure::policy {

constexpr std::uint32_t max_forwards = 16;
/// Lower ones need a capability (net.ipv4.ip_unprivileged_port_start of a kernel's default).
constexpr std::uint16_t min_forward_port = 1024;

/// An address of the host: IPv6 as on the wire, and IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
using HostAddress = std::array<std::uint8_t, 16>;

constexpr HostAddress loopback_v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
constexpr HostAddress loopback_v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

bool is_v4(const HostAddress& address);
/// "127.0.0.1" or "::1"; nothing where it is neither form, or has a scope.
std::optional<HostAddress> parse_address(std::string_view text);
std::string address_text(const HostAddress& address);

enum class ForwardProtocol : std::uint16_t { tcp = 6, udp = 17 };  ///< IANA's numbers

/// A port of the host that leads to a port of the guest.
struct PortForward {
  HostAddress address{};  ///< of the host; all zero, or ::ffff:0.0.0.0: any
  ForwardProtocol protocol{};
  std::uint16_t host_port = 0;   ///< at least min_forward_port
  std::uint16_t guest_port = 0;  ///< not 0
  std::uint16_t reserved = 0;

  friend bool operator==(const PortForward&, const PortForward&) = default;
};

/// "tcp:127.0.0.1:8080:80" or "udp:[::1]:5353:53"; the Error says what is wrong with it.
Result<PortForward> parse_forward(std::string_view text);
std::string forward_text(const PortForward& forward);

/// Errors name the key: "nets[0].forward[1]".
Result<void> check(const PortForward& forward, std::string_view key);

/// Whether both would listen on the same port of the same address.
bool collide(const PortForward& left, const PortForward& right);

}  // namespace immure::policy
