#include "policy/passt_arguments.hpp"

#include <span>

#include "policy/fd_layout.hpp"

namespace immure::policy {
namespace {

void add_ports(std::vector<std::string>& arguments, const NetRecord& net, ForwardProtocol protocol,
               const char* option) {
  const auto before = arguments.size();
  for (const auto& forward : std::span(net.forwards).first(net.forward_count)) {
    if (forward.protocol != protocol) continue;
    arguments.insert(arguments.end(),
                     {option, ip_text(forward.address) + "/" + std::to_string(forward.host_port) + ":" +
                                  std::to_string(forward.guest_port)});
  }
  // To be said: without it, old versions forward datagrams to the ports of TCP.
  if (arguments.size() == before) arguments.insert(arguments.end(), {option, "none"});
}

}  // namespace

std::vector<std::string> passt_arguments(const NetRecord& net) {
  std::vector<std::string> arguments{
      "--fd", std::to_string(passt_fd::frames), "--foreground", "--quiet",
      // The gateway's address is the gateway's, not the host's loopback.
      "--no-map-gw",
      // Large frames make few of them; offered by DHCP. The router's MAC: else old versions show the host's.
      "--mtu", "65520", "--mac-addr", "9a:55:9a:55:9a:55"};
  add_ports(arguments, net, ForwardProtocol::tcp, "--tcp-ports");
  add_ports(arguments, net, ForwardProtocol::udp, "--udp-ports");
  return arguments;
}

}  // namespace immure::policy
