#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.hpp"
#include "vmm/virtio/virtqueue.hpp"

namespace immure::vmm::virtio {

/// Eventfds of one queue.
struct QueueEvents {
  int doorbell = -1;  ///< the driver notified the queue
  int used = -1;      ///< chains were given back, and the driver wants an interrupt for them
  int broken = -1;    ///< the driver broke the protocol
};

/// Serves a device's queues in the device's place: the kernel, which reads the rings by itself. Called as a
/// Device is.
class QueueServer {
 public:
  virtual ~QueueServer() = default;

  /// Once for each queue, before the machine runs; the events outlive the server.
  virtual Result<void> connect(std::uint16_t queue, const QueueEvents& events) = 0;
  /// From now on the server reads and writes these queues, by index; nothing stands for one that the driver
  /// did not enable. Their rings lie in guest memory. An Error: it may serve some of them, until stop().
  virtual Result<void> serve(std::uint64_t features, std::span<const std::optional<QueueSetup>> queues) = 0;
  /// Once this returns the server touches no queue and no guest memory until it is to serve() again.
  virtual Result<void> stop() = 0;
};

}  // namespace immure::vmm::virtio
