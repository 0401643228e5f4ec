#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "vmm/virtio/common_config_layout.hpp"
#include "vmm/virtio/device.hpp"

namespace immure::vmm::virtio {

/// The one state machine of a virtio device: device status, features and queue set-up, as the driver reaches
/// them through the common configuration (VIRTIO 1.2, 2.1, 3.1, 4.1.4.3). Not locked.
///
/// - Status bits are only added, in the order ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK; writing 0 resets.
/// - Features are written before FEATURES_OK, which is refused unless they are a subset of those offered and
///   have VERSION_1.
/// - Queues are set up between FEATURES_OK and DRIVER_OK, and no more once they are enabled.
/// An Error means that the driver broke one of these rules; nothing was changed.
class CommonRegisters {
 public:
  enum class Effect { none, reset, started };

  struct Queue {
    std::uint16_t max_size = 0;
    QueueSetup setup;
    std::uint16_t vector = no_vector;
    bool is_enabled = false;
  };

  /// `vectors`: how many MSI-X vectors the function has.
  CommonRegisters(const DeviceTraits& traits, std::uint16_t vectors);

  /// The driver's accesses; `offset` is guest-controlled.
  void read(std::uint64_t offset, std::span<std::byte> data) const;
  Result<Effect> write(std::uint64_t offset, std::span<const std::byte> data);

  /// DRIVER_OK is set, and neither FAILED nor DEVICE_NEEDS_RESET.
  [[nodiscard]] bool is_running() const;
  [[nodiscard]] bool is_driver_ok() const { return (status_ & status::driver_ok) != 0; }
  [[nodiscard]] std::uint64_t features() const { return driver_features_; }
  [[nodiscard]] std::span<const Queue> queues() const { return queues_; }
  [[nodiscard]] std::uint16_t config_vector() const { return config_vector_; }

  /// Sets DEVICE_NEEDS_RESET.
  void require_reset() { status_ |= status::needs_reset; }
  /// The device's configuration is another one: a driver that reads it in parts finds out (4.1.4.3.1).
  void change_config() { ++config_generation_; }
  /// Everything as after power-on.
  void reset();

 private:
  [[nodiscard]] CommonConfig image() const;
  Result<Effect> write_status(std::uint8_t value);
  Result<void> write_feature(std::uint32_t value);
  Result<void> write_queue(std::uint64_t offset, std::uint32_t value);
  Result<Queue*> configurable_queue();
  [[nodiscard]] std::uint16_t checked_vector(std::uint32_t value) const;

  std::uint64_t offered_;
  std::uint16_t vectors_;
  std::uint8_t status_ = 0;
  std::uint8_t config_generation_ = 0;
  std::uint32_t device_feature_select_ = 0;
  std::uint32_t driver_feature_select_ = 0;
  std::uint64_t driver_features_ = 0;
  std::uint16_t config_vector_ = no_vector;
  std::uint16_t queue_select_ = 0;
  std::vector<Queue> queues_;
};

}  // namespace immure::vmm::virtio
