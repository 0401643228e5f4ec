#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/hostile/catalogue.hpp"

namespace immure::hostile {
namespace {

int new_socket(int family, int type, int protocol = 0) {
  return ::socket(family, type | SOCK_CLOEXEC, protocol);
}

Outcome made(int family, int type, int protocol = 0) {
  return outcome_of(new_socket(family, type, protocol));
}

template <typename Address>
Outcome connected(int type, const Address& address, socklen_t size = sizeof(Address)) {
  const int fd = new_socket(reinterpret_cast<const sockaddr&>(address).sa_family, type);
  if (fd < 0) return outcome_of(fd);
  return outcome_of(::connect(fd, reinterpret_cast<const sockaddr*>(&address), size));
}

/// Of a daemon of the host, by its path.
Outcome connected_to(int type, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return connected(type, address);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Outcome listen_on_network(const Targets&) {
  const int fd = new_socket(AF_INET, SOCK_STREAM);
  if (fd < 0) return outcome_of(fd);
  const auto address = loopback(0);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return outcome_of(-1);
  return outcome_of(::listen(fd, 1));
}

Outcome connect_to_host_by_vsock(const Targets&) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = VMADDR_CID_LOCAL;
  address.svm_port = 22;
  const int fd = new_socket(AF_VSOCK, SOCK_STREAM);
  if (fd < 0) return outcome_of(fd);
  // That nobody listens there is an answer of the host's.
  return outcome_or_refusal(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address),
                            ECONNRESET);
}

/// A name without a file: such names are a network namespace's.
Outcome connect_to_abstract(const Targets&) {
  constexpr std::string_view name("\0immure-hostile-listener", 24);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, name.size());
  return connected(SOCK_STREAM, address,
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size()));
}

Outcome filter_on_console(const Targets& t) {
  // Its bytes become code in the kernel.
  std::array<sock_filter, 1> accept_all{{BPF_STMT(BPF_RET | BPF_K, 0xffff)}};
  const sock_fprog program{.len = accept_all.size(), .filter = accept_all.data()};
  return outcome_of(::setsockopt(t.console, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
}

constexpr std::array attempts{
    Attempt{"tcp", "make a TCP socket", behind::network_namespace,
            [](const Targets&) { return made(AF_INET, SOCK_STREAM); }},
    Attempt{"tcp-by-vcpu", "the same, from the thread that runs the guest", behind::network_namespace,
            [](const Targets&) { return made(AF_INET, SOCK_STREAM); }, Thread::vcpu},
    Attempt{"tcp-by-io", "the same, from the thread that serves disks and networks",
            behind::network_namespace, [](const Targets&) { return made(AF_INET, SOCK_STREAM); }, Thread::io},
    Attempt{"connect-ssh", "connect to the host's ssh", behind::network_namespace,
            [](const Targets&) { return connected(SOCK_STREAM, loopback(22)); }},
    Attempt{"listen", "listen on the network", behind::nothing, listen_on_network},
    Attempt{"udp", "make a UDP socket", behind::network_namespace,
            [](const Targets&) { return made(AF_INET, SOCK_DGRAM); }},
    Attempt{"ipv6", "make an IPv6 socket", behind::network_namespace,
            [](const Targets&) { return made(AF_INET6, SOCK_STREAM); }},
    Attempt{"raw", "make a raw socket", behind::capabilities,
            [](const Targets&) { return made(AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
    Attempt{"packet", "listen to all frames of the host", behind::capabilities,
            [](const Targets&) { return made(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)); }},
    Attempt{"xdp", "make an XDP socket", behind::capabilities,
            [](const Targets&) { return made(AF_XDP, SOCK_RAW); }},
    Attempt{"crypto", "use the kernel's ciphers (AF_ALG)", behind::nothing,
            [](const Targets&) { return made(AF_ALG, SOCK_SEQPACKET); }},
    Attempt{"vsock", "make a vsock socket", behind::nothing,
            [](const Targets&) { return made(AF_VSOCK, SOCK_STREAM); }},
    Attempt{"connect-vsock", "reach the host by vsock", behind::nothing, connect_to_host_by_vsock},
    Attempt{"netlink-route", "ask for and change the host's networks (netlink)", behind::network_namespace,
            [](const Targets&) { return made(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }},
    Attempt{"netlink-audit", "write to the audit log or switch it off", behind::capabilities,
            [](const Targets&) { return made(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT); }},
    Attempt{"netlink-netfilter", "change the host's packet filter", behind::network_namespace,
            [](const Targets&) { return made(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER); }},
    Attempt{"netlink-devices", "send device events to udev", behind::network_namespace,
            [](const Targets&) { return made(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT); }},
    Attempt{"netlink-selinux", "listen to changes of the SELinux policy", behind::network_namespace,
            [](const Targets&) { return made(AF_NETLINK, SOCK_RAW, NETLINK_SELINUX); }},
    Attempt{"netlink-generic", "reach the kernel's other netlink services", behind::network_namespace,
            [](const Targets&) { return made(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC); }},
    Attempt{"netlink-sockets", "list every socket of the host", behind::network_namespace,
            [](const Targets&) { return made(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG); }},
    Attempt{"connect-monitor", "connect to another guest's monitor", behind::root,
            [](const Targets& t) { return connected_to(SOCK_SEQPACKET, t.victim_socket); }},
    Attempt{"connect-dbus", "connect to D-Bus", behind::root,
            [](const Targets&) { return connected_to(SOCK_STREAM, "/run/dbus/system_bus_socket"); }},
    Attempt{"connect-systemd", "connect to systemd", behind::root,
            [](const Targets&) { return connected_to(SOCK_STREAM, "/run/systemd/private"); }},
    Attempt{"connect-journal", "connect to the journal", behind::root,
            [](const Targets&) { return connected_to(SOCK_DGRAM, "/run/systemd/journal/socket"); }},
    Attempt{"connect-udev", "connect to udev's control socket", behind::root,
            [](const Targets&) { return connected_to(SOCK_SEQPACKET, "/run/udev/control"); }},
    Attempt{"connect-abstract", "connect to a daemon with an abstract name", behind::network_namespace,
            connect_to_abstract},
    Attempt{"socket-pair", "make a pair of sockets, to pass descriptors with", behind::nothing,
            [](const Targets&) {
              std::array<int, 2> pair{};
              return outcome_of(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()));
            }},
    Attempt{"socket-filter", "give the kernel code for its console's socket", behind::nothing,
            filter_on_console},
    Attempt{"console-peer", "ask for the process at the other end of its console", behind::pid_namespace,
            [](const Targets& t) {
              ucred peer{};
              socklen_t size = sizeof peer;
              const auto outcome = outcome_of(::getsockopt(t.console, SOL_SOCKET, SO_PEERCRED, &peer, &size));
              return outcome.effect == Outcome::Effect::had && peer.pid == 0 ? had_no_effect(ESRCH) : outcome;
            }},
};

}  // namespace

const std::span<const Attempt> socket_attempts{attempts};

}  // namespace immure::hostile
