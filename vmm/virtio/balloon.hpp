#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>

#include "base/io.hpp"
#include "base/unique_fd.hpp"
#include "vmm/virtio/balloon_layout.hpp"
#include "vmm/virtio/device.hpp"

namespace immure::vmm::virtio {

/// A memory balloon (VIRTIO 1.2, 5.5): the guest gives pages up when it is asked to, and reports pages that
/// it has no use for at the moment; the host gets both back at once. Whatever a guest gives up is its own: a
/// page that it uses nevertheless is there again, full of zeros. What the guest says of its memory is asked
/// for with each report, for the next one.
class Balloon final : public Device {
 public:
  /// `memory` outlives the device.
  static Result<std::unique_ptr<Balloon>> create(const GuestMemory& memory);

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return bytes_of(config_); }
  void start(std::uint64_t features) override { features_ = features; }
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override;
  void report(policy::StatisticsMessage& statistics) const override;
  [[nodiscard]] int host_fd() const override { return wanted_event_.get(); }
  [[nodiscard]] int config_event() const override { return changed_.get(); }
  void refresh_config() override { config_.pages = target_.load(); }

  /// Asks the guest to give up this much memory in all, rounded down to pages. From any thread.
  void ask_for(std::uint64_t bytes);

 private:
  Balloon(const GuestMemory& memory, UniqueFd changed, UniqueFd wanted);

  [[nodiscard]] bool has_statistics() const;
  Result<Progress> serve_statistics(Virtqueue& queue);
  Result<void> take_statistics();

  Result<std::uint32_t> inflate();
  void deflate();
  Result<std::uint32_t> take_reported();

  DeviceTraits traits_;
  BalloonConfig config_;
  const GuestMemory& memory_;
  UniqueFd changed_;
  std::atomic<std::uint32_t> target_ = 0;
  std::atomic<std::uint64_t> given_up_pages_ = 0;  // the guest's word; changed under the lock alone
  const std::chrono::steady_clock::time_point created_ = std::chrono::steady_clock::now();
  std::uint64_t features_ = 0;
  /// Written where the guest is to say how its memory is: wakes the queues.
  UniqueFd wanted_event_;
  mutable std::atomic<bool> statistics_are_wanted_ = false;
  /// The buffer with the driver's numbers: it gets it back where it is to say them anew.
  std::optional<std::uint16_t> statistics_head_;
  /// In the order of policy::guest_memory_fields.
  std::array<std::atomic<std::uint64_t>, policy::guest_memory_fields.size()> said_{};
  DescriptorChain chain_;
  std::array<std::uint32_t, max_balloon_pages> pages_{};
};

}  // namespace immure::vmm::virtio
