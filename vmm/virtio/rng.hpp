#pragma once

#include "vmm/virtio/device.hpp"

namespace immure::vmm::virtio {

/// An entropy source (VIRTIO 1.2, 5.4): the host kernel's random numbers, some of them per request.
class Rng final : public Device {
 public:
  /// However large the buffer, a request gets no more than this.
  static constexpr std::uint64_t max_bytes = 4096;

  explicit Rng(const policy::RateLimit& limit = {});

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return {}; }
  void start(std::uint64_t /*features*/) override {}
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override {}
  std::span<RateLimiter> limits() override { return {&limit_, 1}; }
  void report(policy::StatisticsMessage& statistics) const override;

 private:
  Result<std::uint32_t> fill();

  DeviceTraits traits_;
  RateLimiter limit_;
  DescriptorChain chain_;
  IoVectors vectors_{};
  std::uint64_t bytes_ = 0;  // given so far
};

}  // namespace immure::vmm::virtio
