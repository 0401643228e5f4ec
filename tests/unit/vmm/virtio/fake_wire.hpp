#pragma once

#include <sys/socket.h>

#include "base/unique_fd.hpp"
#include "vmm/virtio/net_backend.hpp"
#include "vmm/virtio/net_layout.hpp"

namespace immure::vmm::test {

/// A wire with two ends that keeps the bounds of frames, as a tap does.
class FakeWire final : public virtio::NetBackend {
 public:
  explicit FakeWire(UniqueFd end) : end_(std::move(end)) {}

  [[nodiscard]] int fd() const override { return end_.get(); }
  [[nodiscard]] std::uint64_t features() const override {
    using namespace virtio;
    return feature::net_checksum | feature::net_guest_checksum | feature::net_guest_tso4 |
           feature::net_guest_tso6 | feature::net_host_tso4 | feature::net_host_tso6;
  }
  Result<void> use_features(std::uint64_t features) override {
    used_features = features;
    return {};
  }
  Result<Sent> send(std::span<const iovec> frame) override {
    if (refuses_next) {
      refuses_next = false;
      return invalid("no such frame");
    }
    const msghdr message{.msg_name = nullptr,
                         .msg_namelen = 0,
                         .msg_iov = const_cast<iovec*>(frame.data()),
                         .msg_iovlen = frame.size(),
                         .msg_control = nullptr,
                         .msg_controllen = 0,
                         .msg_flags = 0};
    if (::sendmsg(end_.get(), &message, MSG_NOSIGNAL) < 0) {
      if (errno == EAGAIN) return Sent::blocked;
      return system_error("send");
    }
    return Sent::whole;
  }
  Result<std::size_t> receive(std::span<std::byte> into) override {
    const auto count = ::recv(end_.get(), into.data(), into.size(), 0);
    if (count < 0 && errno != EAGAIN) return system_error("receive");
    return count < 0 ? 0U : static_cast<std::size_t>(count);
  }

  std::uint64_t used_features = 0;
  bool refuses_next = false;

 private:
  UniqueFd end_;
};

}  // namespace immure::vmm::test
