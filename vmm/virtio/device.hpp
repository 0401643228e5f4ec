#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "policy/statistics_message.hpp"
#include "vmm/virtio/device_ids.hpp"
#include "vmm/virtio/queue_server.hpp"
#include "vmm/virtio/rate_limiter.hpp"
#include "vmm/virtio/virtqueue.hpp"

namespace immure::vmm::virtio {

/// What a device is; fixed for its life.
struct DeviceTraits {
  DeviceType type{};
  std::string name;                        ///< in log lines: "disk root"
  std::uint64_t features = 0;              ///< offered, feature::common included
  std::vector<std::uint16_t> queue_sizes;  ///< the largest size of each queue
};

/// After serving a queue: wait for the next event; come back soon since the budget is used up; or serve all
/// queues, since others have work now, too.
enum class Progress { idle, more, all };

/// A virtio device behind its transport, which owns registers, queues and the lock: every call but the
/// constructor and report() comes under that lock. An Error means that the driver broke the protocol: the
/// transport stops the device until the driver resets it.
class Device {
 public:
  /// Chains served per wake-up, so that one device cannot keep the others waiting for ever.
  static constexpr unsigned budget = 64;

  virtual ~Device() = default;

  [[nodiscard]] virtual const DeviceTraits& traits() const = 0;
  /// The device-specific configuration; whole, read-only for the driver.
  [[nodiscard]] virtual std::span<const std::byte> config() const = 0;

  /// DRIVER_OK: the features are final.
  virtual void start(std::uint64_t features) = 0;
  /// The driver notified the queue, or host_fd() became ready. Never called unless started.
  virtual Result<Progress> serve(std::uint16_t index, Virtqueue& queue) = 0;
  /// Forgets every chain in flight and everything negotiated.
  virtual void reset() = 0;
  /// Who serves the queues where serve() does not, or null; the same for the device's life.
  virtual QueueServer* queue_server() { return nullptr; }

  /// An fd whose readiness, either way, wakes all queues (edge-triggered), or -1.
  [[nodiscard]] virtual int host_fd() const { return -1; }
  /// What limits it; empty where nothing can.
  virtual std::span<RateLimiter> limits() { return {}; }
  /// An fd that is readable once the configuration is to change (edge-triggered), or -1: refresh_config() is
  /// called then, and the driver is told.
  [[nodiscard]] virtual int config_event() const { return -1; }
  virtual void refresh_config() {}
  /// Adds what it counted; devices of a kind come in the record's order. From any thread, without the lock: a
  /// device may hold that for as long as its disk takes.
  virtual void report(policy::StatisticsMessage& /*statistics*/) const {}
  /// At the machine's end: makes everything durable.
  virtual Result<void> shut_down() { return {}; }

  /// The transport: the driver has taken the device over, just now.
  void note_taken() { taken_usec_ = monotonic_usec(); }
  /// When that was last; 0: never. From any thread.
  [[nodiscard]] std::uint64_t taken_usec() const { return taken_usec_; }

 private:
  std::atomic<std::uint64_t> taken_usec_ = 0;
};

}  // namespace immure::vmm::virtio
