#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/unique_fd.hpp"
#include "vmm/memory/guest_memory.hpp"
#include "vmm/virtio/queue_server.hpp"

namespace immure::vmm::virtio {

/// A queue's rings as the kernel wants them: where they lie in this process.
struct HostRings {
  std::uint16_t size = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t available = 0;
  std::uint64_t used = 0;
};

/// Asks the accessor of guest memory where each ring lies: an Error where one does not lie in one piece of
/// it. What the kernel is told is an address of this process, which it takes for granted.
Result<HostRings> locate_rings(const GuestMemory& memory, const QueueSetup& setup);

/// The kernel's side of a network device, one method for each request: linux/vhost.h, drivers/vhost/.
class Vhost {
 public:
  virtual ~Vhost() = default;

  virtual Result<std::uint64_t> features() = 0;
  /// The memory of this process is what it works on; it makes its thread now.
  virtual Result<void> set_owner() = 0;
  virtual Result<void> set_memory(std::span<const MemoryRegion> regions) = 0;
  virtual Result<void> set_events(std::uint16_t queue, const QueueEvents& events) = 0;
  virtual Result<void> set_features(std::uint64_t features) = 0;
  /// Only while the queue has no backend; it begins at the rings' start.
  virtual Result<void> set_rings(std::uint16_t queue, const HostRings& rings) = 0;
  /// The tap that carries the queue's frames; -1: none, and nothing is on its way any more.
  virtual Result<void> set_backend(std::uint16_t queue, int tap) = 0;
};

/// `fd`: /dev/vhost-net, of which nobody is the owner yet.
std::unique_ptr<Vhost> kernel_vhost(UniqueFd fd);

}  // namespace immure::vmm::virtio
