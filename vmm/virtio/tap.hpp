#pragma once

#include <memory>

#include "base/unique_fd.hpp"
#include "vmm/virtio/net_backend.hpp"

namespace immure::vmm::virtio {

/// An Ethernet interface of the host (Documentation/networking/tuntap.rst): what the guest sends is received
/// there. The fd is attached to its interface already. The kernel checks the headers that the guest wrote
/// (include/linux/virtio_net.h) on its own copy of them.
class Tap final : public NetBackend {
 public:
  /// An Error where the fd is no tap with NetHeaders and without packet information.
  static Result<std::unique_ptr<Tap>> create(UniqueFd fd);

  [[nodiscard]] int fd() const override { return fd_.get(); }
  [[nodiscard]] std::uint64_t features() const override;
  Result<void> use_features(std::uint64_t features) override;
  Result<Sent> send(std::span<const iovec> frame) override;
  Result<std::size_t> receive(std::span<std::byte> into) override;

 private:
  explicit Tap(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace immure::vmm::virtio
