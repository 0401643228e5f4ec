#pragma once

#include "vmm/virtio/device.hpp"

namespace immure::vmm::virtio {

/// The loop of every device that answers each chain at once: takes chains into `chain`, calls `handle`, which
/// yields the bytes written, and gives them back, until none is left, the budget is used up or `limit` says
/// to wait; `handle` charges it.
template <typename Handle>
Result<Progress> serve_requests(Virtqueue& queue, DescriptorChain& chain, RateLimiter* limit, Handle handle) {
  unsigned served = 0;
  do {
    IMMURE_TRY(queue.suppress_notifications());
    for (;;) {
      // Notifications stay off: the limit's timer comes.
      if (limit != nullptr && !limit->may_start()) return Progress::idle;
      if (!IMMURE_TRY(queue.pop(chain))) break;
      const std::uint32_t written = IMMURE_TRY(handle());
      IMMURE_TRY(queue.push_used(chain, written));
      // Notifications stay off: the caller comes back by itself.
      if (++served == Device::budget) return Progress::more;
    }
  } while (IMMURE_TRY(queue.request_notifications()));
  return Progress::idle;
}

}  // namespace immure::vmm::virtio
