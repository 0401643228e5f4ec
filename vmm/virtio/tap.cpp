#include "vmm/virtio/tap.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/virtio/net_layout.hpp"

namespace immure::vmm::virtio {

Result<std::unique_ptr<Tap>> Tap::create(UniqueFd fd) {
  ifreq interface{};
  IMMURE_TRY(checked(::ioctl(fd.get(), TUNGETIFF, &interface), "ask a tap for its interface"));
  constexpr int wanted = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if ((interface.ifr_flags & wanted) != wanted)
    return invalid("a tap was not attached with virtio headers and without packet information");
  int header_size = sizeof(NetHeader);
  IMMURE_TRY(checked(::ioctl(fd.get(), TUNSETVNETHDRSZ, &header_size), "set the size of a tap's headers"));
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return system_error("make a tap non-blocking");
  return std::unique_ptr<Tap>(new Tap(std::move(fd)));
}

std::uint64_t Tap::features() const {
  return feature::net_checksum | feature::net_guest_checksum | feature::net_guest_tso4 |
         feature::net_guest_tso6 | feature::net_host_tso4 | feature::net_host_tso6;
}

Result<void> Tap::use_features(std::uint64_t features) {
  unsigned long offloads = 0;
  // Segments need checksums: a driver that takes the one without the other gets neither (5.1.3.1).
  if ((features & feature::net_guest_checksum) != 0) {
    offloads |= TUN_F_CSUM;
    if ((features & feature::net_guest_tso4) != 0) offloads |= TUN_F_TSO4;
    if ((features & feature::net_guest_tso6) != 0) offloads |= TUN_F_TSO6;
  }
  return checked(::ioctl(fd_.get(), TUNSETOFFLOAD, offloads), "set a tap's offloads");
}

Result<NetBackend::Sent> Tap::send(std::span<const iovec> frame) {
  ssize_t count = 0;
  do {
    count = ::writev(fd_.get(), frame.data(), static_cast<int>(frame.size()));
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return Sent::blocked;
  if (count < 0) return system_error("send a frame");
  return Sent::whole;
}

Result<std::size_t> Tap::receive(std::span<std::byte> into) {
  ssize_t count = 0;
  do {
    count = ::read(fd_.get(), into.data(), into.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return 0U;
  if (count < 0) return system_error("receive a frame");
  return static_cast<std::size_t>(count);
}

}  // namespace immure::vmm::virtio
