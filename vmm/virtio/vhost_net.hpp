#pragma once

#include <memory>
#include <string_view>

#include "base/io.hpp"
#include "policy/guest_record.hpp"
#include "vmm/virtio/device.hpp"
#include "vmm/virtio/net_backend.hpp"
#include "vmm/virtio/net_layout.hpp"
#include "vmm/virtio/vhost.hpp"

namespace immure::vmm::virtio {

/// A network interface whose frames the kernel carries between the guest's rings and a tap. The driver sees
/// what it sees of Net, except features that this kernel's vhost-net does not have. It counts no frames.
class VhostNet final : public Device, private QueueServer {
 public:
  /// Before the machine runs, as vhost-net makes its thread here. `memory` outlives the device; `tap` carries
  /// headers of sizeof(NetHeader).
  static Result<std::unique_ptr<VhostNet>> create(const GuestMemory& memory, std::unique_ptr<Vhost> vhost,
                                                  std::unique_ptr<NetBackend> tap, std::string_view id,
                                                  const policy::MacAddress& mac);

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return bytes_of(config_); }
  void start(std::uint64_t /*features*/) override {}
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override {}
  QueueServer* queue_server() override { return this; }
  void report(policy::StatisticsMessage& statistics) const override { ++statistics.net_count; }

 private:
  VhostNet(const GuestMemory& memory, std::unique_ptr<Vhost> vhost, std::unique_ptr<NetBackend> tap,
           DeviceTraits traits, const policy::MacAddress& mac);

  Result<void> connect(std::uint16_t queue, const QueueEvents& events) override;
  Result<void> serve(std::uint64_t features, std::span<const std::optional<QueueSetup>> queues) override;
  Result<void> stop() override;

  const GuestMemory& memory_;
  std::unique_ptr<Vhost> vhost_;
  std::unique_ptr<NetBackend> tap_;
  DeviceTraits traits_;
  NetConfig config_;
};

}  // namespace immure::vmm::virtio
