#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "base/io.hpp"
#include "policy/guest_record.hpp"
#include "vmm/rate_limited_log.hpp"
#include "vmm/virtio/device.hpp"
#include "vmm/virtio/net_backend.hpp"
#include "vmm/virtio/net_layout.hpp"

namespace immure::vmm::virtio {

/// A network interface with one pair of queues (VIRTIO 1.2, 5.1). It keeps at most one frame each way: what
/// the backend does not take stays in the guest's ring, and what the guest has no room for stays with the
/// backend, whose own queue has an end.
class Net final : public Device {
 public:
  static std::unique_ptr<Net> create(std::unique_ptr<NetBackend> backend, std::string_view id,
                                     const policy::MacAddress& mac, const policy::RateLimit& limit = {});

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return bytes_of(config_); }
  void start(std::uint64_t features) override;
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override;
  [[nodiscard]] int host_fd() const override { return backend_->fd(); }
  /// Each way has the limit for itself.
  std::span<RateLimiter> limits() override { return limits_; }
  [[nodiscard]] int config_event() const override { return backend_->end_event(); }
  /// The link is down.
  void refresh_config() override { config_.status = 0; }
  void report(policy::StatisticsMessage& statistics) const override;

 private:
  enum class Transfer { done, waits };

  Net(std::unique_ptr<NetBackend> backend, std::string_view id, const policy::MacAddress& mac,
      const policy::RateLimit& limit);

  Result<Progress> serve_output(Virtqueue& queue);
  Result<Transfer> send_frame();

  Result<Progress> serve_input(Virtqueue& queue);
  bool fetch_frame();
  bool is_understood(const NetHeader& header) const;
  Result<Transfer> place_frame(Virtqueue& queue);
  Result<bool> place_part(Virtqueue& queue);
  Result<void> give_back(Virtqueue& queue);
  void drop_frame(std::string_view why);

  /// The frame that is on its way to the guest. A frame may need several chains, which the driver must see
  /// all at once (5.1.6.4).
  struct Input {
    std::size_t size = 0;    ///< of the frame; 0: there is none
    std::size_t placed = 0;  ///< bytes of it that lie in chains already
    std::array<UsedElement, max_queue_size> used{};
    std::size_t used_count = 0;
    bool first_is_held = false;  ///< `first` was taken, and no byte placed in it
    DescriptorChain first;
    DescriptorChain next;
  };

  DeviceTraits traits_;
  NetConfig config_;
  std::unique_ptr<NetBackend> backend_;
  std::array<RateLimiter, 2> limits_;  // by queue
  std::uint64_t features_ = 0;
  std::vector<std::byte> frame_;
  Input input_;
  DescriptorChain output_;
  bool output_is_held_ = false;
  IoVectors vectors_{};
  policy::NetCounters counters_;
  RateLimitedLog log_;
};

}  // namespace immure::vmm::virtio
