#include "vmm/virtio/vhost_net.hpp"

namespace immure::vmm::virtio {
namespace {

/// What the kernel does by itself, and so has to know of: the rings, and how a frame is spread over buffers.
/// Checksums and segments are the tap's. VHOST_NET_F_VIRTIO_NET_HDR stays off: the tap has the headers.
constexpr std::uint64_t kernel_features = feature::common | feature::net_mergeable_buffers;
constexpr std::uint16_t queue_count = 2;

}  // namespace

Result<std::unique_ptr<VhostNet>> VhostNet::create(const GuestMemory& memory, std::unique_ptr<Vhost> vhost,
                                                   std::unique_ptr<NetBackend> tap, std::string_view id,
                                                   const policy::MacAddress& mac) {
  const auto offered = IMMURE_TRY(vhost->features());
  if ((offered & feature::version_1) == 0)
    return invalid("vhost-net of this kernel does not know VIRTIO 1: take vhost = true away");
  IMMURE_TRY(vhost->set_owner());
  IMMURE_TRY(vhost->set_memory(memory.regions()));
  DeviceTraits traits{
      .type = DeviceType::network,
      .name = "net " + std::string(id),
      .features = (kernel_features & offered) | feature::net_mac | feature::net_status | tap->features(),
      .queue_sizes = std::vector<std::uint16_t>(queue_count, max_queue_size)};
  return std::unique_ptr<VhostNet>(
      new VhostNet(memory, std::move(vhost), std::move(tap), std::move(traits), mac));
}

VhostNet::VhostNet(const GuestMemory& memory, std::unique_ptr<Vhost> vhost, std::unique_ptr<NetBackend> tap,
                   DeviceTraits traits, const policy::MacAddress& mac)
    : memory_(memory),
      vhost_(std::move(vhost)),
      tap_(std::move(tap)),
      traits_(std::move(traits)),
      config_{.mac = mac, .status = net_link_up} {}

Result<Progress> VhostNet::serve(std::uint16_t /*index*/, Virtqueue& /*queue*/) {
  return invalid("the kernel serves this queue");
}

Result<void> VhostNet::connect(std::uint16_t queue, const QueueEvents& events) {
  return vhost_->set_events(queue, events);
}

Result<void> VhostNet::serve(std::uint64_t features, std::span<const std::optional<QueueSetup>> queues) {
  IMMURE_TRY(tap_->use_features(features));
  IMMURE_TRY(vhost_->set_features(features & kernel_features));
  for (std::uint16_t i = 0; i < queue_count; ++i) {
    if (!queues[i]) continue;
    IMMURE_TRY(vhost_->set_rings(i, IMMURE_TRY(locate_rings(memory_, *queues[i]))));
    IMMURE_TRY(vhost_->set_backend(i, tap_->fd()));
  }
  return {};
}

Result<void> VhostNet::stop() {
  // All of them, whatever one says: what goes on would write into memory that is the driver's again.
  Result<void> outcome;
  for (std::uint16_t i = 0; i < queue_count; ++i) {
    if (auto stopped = vhost_->set_backend(i, -1); !stopped) outcome = std::move(stopped);
  }
  return outcome;
}

}  // namespace immure::vmm::virtio
