#include "vmm/virtio/rng.hpp"

#include <sys/random.h>

#include "vmm/counters.hpp"
#include "vmm/virtio/serve_requests.hpp"

namespace immure::vmm::virtio {

Rng::Rng(const policy::RateLimit& limit)
    : traits_{.type = DeviceType::entropy,
              .name = "rng",
              .features = feature::common,
              .queue_sizes = {max_queue_size}},
      limit_(limit) {}

Result<Progress> Rng::serve(std::uint16_t /*index*/, Virtqueue& queue) {
  return serve_requests(queue, chain_, &limit_, [this] { return fill(); });
}

/// Gives the number of bytes written; fewer than asked for is what the driver expects (VIRTIO 1.2, 5.4.6).
Result<std::uint32_t> Rng::fill() {
  const auto wanted = std::min(chain_.writable().size(), max_bytes);
  const auto slices =
      IMMURE_TRY(chain_.writable().io_slices(0, wanted, GuestAccess::device_writes, vectors_));
  std::uint32_t written = 0;
  for (const auto& slice : slices) {
    // Interrupted or short (getrandom(2)): what came is enough.
    const auto count = ::getrandom(slice.iov_base, slice.iov_len, 0);
    if (count > 0) written += static_cast<std::uint32_t>(count);
    if (count < 0 || static_cast<std::size_t>(count) < slice.iov_len) break;
  }
  limit_.charge(written);
  add(bytes_, written);
  return written;
}

void Rng::report(policy::StatisticsMessage& statistics) const {
  statistics.machine.entropy_bytes = read(bytes_);
}

}  // namespace immure::vmm::virtio
