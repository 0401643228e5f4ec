#include "policy/port_forward.hpp"

#include <charconv>
#include <optional>

namespace immure::policy {
namespace {

constexpr std::string_view form = "PROTOCOL:ADDRESS:PORT:GUEST-PORT, as \"tcp:127.0.0.1:8080:80\"";

/// Takes what is before the next ':' off the text, a part in brackets whole; nothing where there is none.
std::optional<std::string_view> take_part(std::string_view& text) {
  const auto bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const auto colon = text.find(':', bracket);
  if (colon == std::string_view::npos) return std::nullopt;
  auto part = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  if (bracket != 0) {
    if (part.size() != bracket + 1) return std::nullopt;
    part = part.substr(1, bracket - 1);
  }
  return part;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  if (error != std::errc{} || end != last || port == 0) return std::nullopt;
  return port;
}

std::unexpected<Error> no_port(std::string_view text) {
  return invalid("\"" + std::string(text) + "\" is no port: 1 to 65535");
}

}  // namespace

Result<PortForward> parse_forward(std::string_view text) {
  auto rest = text;
  const auto protocol = take_part(rest);
  const auto address = take_part(rest);
  const auto host_port = take_part(rest);
  if (!protocol || !address || !host_port) return invalid("it is not " + std::string(form));
  PortForward forward;
  if (*protocol != "tcp" && *protocol != "udp")
    return invalid("\"" + std::string(*protocol) + "\" is neither tcp nor udp");
  forward.protocol = *protocol == "tcp" ? ForwardProtocol::tcp : ForwardProtocol::udp;
  const auto parsed = parse_ip(*address);
  if (!parsed) {
    return invalid("\"" + std::string(*address) +
                   "\" is no address of the host, as 127.0.0.1 or [::1], and no name is looked up");
  }
  forward.address = *parsed;
  const auto port = parse_port(*host_port);
  if (!port) return no_port(*host_port);
  forward.host_port = *port;
  const auto guest_port = parse_port(rest);
  if (!guest_port) return no_port(rest);
  forward.guest_port = *guest_port;
  return forward;
}

std::string forward_text(const PortForward& forward) {
  const auto address = ip_text(forward.address);
  return std::string(forward.protocol == ForwardProtocol::tcp ? "tcp:" : "udp:") +
         (forward.address.family == IpFamily::v4 ? address : "[" + address + "]") + ":" +
         std::to_string(forward.host_port) + ":" + std::to_string(forward.guest_port);
}

Result<void> check(const PortForward& forward, std::string_view key) {
  if (forward.protocol != ForwardProtocol::tcp && forward.protocol != ForwardProtocol::udp)
    return invalid(std::string(key) + " is neither tcp nor udp");
  if (!is_of_a_family(forward.address)) return invalid(std::string(key) + " has no address of the host");
  if (forward.host_port < min_forward_port) {
    return invalid(std::string(key) + " takes port " + std::to_string(forward.host_port) +
                   " of the host: those below " + std::to_string(min_forward_port) +
                   " need a privilege that no process of a guest has");
  }
  if (forward.guest_port == 0) return invalid(std::string(key) + " leads to port 0 of the guest");
  if (forward.reserved != 0) return invalid(std::string(key) + ": a reserved field is not 0");
  return {};
}

bool collide(const PortForward& left, const PortForward& right) {
  if (left.protocol != right.protocol || left.host_port != right.host_port) return false;
  if (left.address.family != right.address.family) return false;
  return left.address == right.address || is_any(left.address) || is_any(right.address);
}

}  // namespace immure::policy
