#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "policy/ip_address.hpp"

namespace immure::policy {

constexpr std::uint32_t max_forwards = 16;
/// Lower ones need a capability (net.ipv4.ip_unprivileged_port_start of a kernel's default).
constexpr std::uint16_t min_forward_port = 1024;

enum class ForwardProtocol : std::uint16_t { tcp = 6, udp = 17 };  ///< IANA's numbers

/// A port of the host that leads to a port of the guest.
struct PortForward {
  IpAddress address{};  ///< of the host; is_any(): all that it has
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
