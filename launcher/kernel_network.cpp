#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "launcher/kernel.hpp"

namespace immure::launcher {
namespace {

ifreq request_for(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

/// Attaches a new fd to the tap of this name; makes one where there is none. "%d" stands for a free number.
Result<UniqueFd> attach(Kernel& kernel, const std::string& name, ifreq& attached) {
  auto fd = IMMURE_TRY(kernel.open("/dev/net/tun", O_RDWR, Links::refused));
  auto request = request_for(name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  IMMURE_TRY(checked(::ioctl(fd.get(), TUNSETIFF, &request), "attach to tap " + name));
  IMMURE_TRY(checked(::ioctl(fd.get(), TUNGETIFF, &attached), "read back tap " + name));
  return fd;
}

}  // namespace

Result<Tap> Kernel::attach_tap(const std::string& name) {
  ifreq attached{};
  auto fd = IMMURE_TRY(attach(*this, name, attached));
  // One that we made just now goes with its fd.
  if ((attached.ifr_flags & IFF_PERSIST) == 0) {
    return invalid("there is no tap " + name + " (ip tuntap add " + name + " mode tap)");
  }
  return Tap{std::move(fd), name};
}

Result<Tap> Kernel::make_tap() {
  ifreq attached{};
  auto fd = IMMURE_TRY(attach(*this, "immure%d", attached));
  return Tap{std::move(fd), attached.ifr_name};
}

Result<void> Kernel::join_bridge(const std::string& tap, const std::string& bridge) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("socket");
  auto request = request_for(bridge);
  request.ifr_ifindex = static_cast<int>(::if_nametoindex(tap.c_str()));
  IMMURE_TRY(checked(::ioctl(socket.get(), SIOCBRADDIF, &request), "add a port to bridge " + bridge));
  request = request_for(tap);
  request.ifr_flags = IFF_UP | IFF_BROADCAST | IFF_MULTICAST;
  return checked(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "switch on " + tap);
}

}  // namespace immure::launcher
