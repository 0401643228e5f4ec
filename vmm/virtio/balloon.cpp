#include "vmm/virtio/balloon.hpp"

#include <algorithm>
#include <limits>

#include <sys/eventfd.h>

#include "vmm/virtio/serve_requests.hpp"

namespace immure::vmm::virtio {

namespace {

// 5.5.2. The driver numbers its queues without gaps, and statistics and hints are not offered.
constexpr std::uint16_t inflate_queue = 0;
constexpr std::uint16_t deflate_queue = 1;
constexpr std::uint16_t reporting_queue = 2;

}  // namespace

Result<std::unique_ptr<Balloon>> Balloon::create(const GuestMemory& memory) {
  UniqueFd changed(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!changed) return system_error("eventfd for the balloon");
  return std::unique_ptr<Balloon>(new Balloon(memory, std::move(changed)));
}

Balloon::Balloon(const GuestMemory& memory, UniqueFd changed)
    : traits_{.type = DeviceType::balloon,
              .name = "balloon",
              .features = feature::common | feature::balloon_deflate_on_oom | feature::balloon_page_reporting,
              .queue_sizes = {128, 128, 128}},
      memory_(memory),
      changed_(std::move(changed)) {}

void Balloon::ask_for(std::uint64_t bytes) {
  const auto pages =
      std::min<std::uint64_t>(bytes / balloon_page_bytes, std::numeric_limits<std::uint32_t>::max());
  target_.store(static_cast<std::uint32_t>(pages));
  (void)::eventfd_write(changed_.get(), 1);
}

Result<Progress> Balloon::serve(std::uint16_t index, Virtqueue& queue) {
  return serve_requests(queue, chain_, nullptr, [this, index]() -> Result<std::uint32_t> {
    if (index == inflate_queue) return inflate();
    if (index == reporting_queue) return take_reported();
    if (index == deflate_queue) deflate();
    return 0U;
  });
}

/// Page numbers, copied before they are looked at; neighbours are given back together.
Result<std::uint32_t> Balloon::inflate() {
  const auto size = chain_.readable().size();
  if (size % sizeof(pages_[0]) != 0 || size > sizeof(pages_))
    return invalid("balloon request of a wrong size");
  const auto pages = std::span(pages_).first(size / sizeof(pages_[0]));
  IMMURE_TRY(chain_.readable().read(0, std::as_writable_bytes(pages)));
  for (std::size_t first = 0; first < pages.size();) {
    std::size_t next = first + 1;
    while (next < pages.size() && pages[next] == pages[next - 1] + 1) ++next;
    IMMURE_TRY(memory_.discard(GuestAddress{pages[first] * balloon_page_bytes},
                               (next - first) * balloon_page_bytes));
    first = next;
  }
  given_up_pages_ = given_up_pages_ + pages.size();
  return 0U;
}

/// A page that is used again is there again by itself: they are only counted.
void Balloon::deflate() {
  const std::uint64_t given_up = given_up_pages_;
  given_up_pages_ = given_up - std::min(given_up, chain_.readable().size() / sizeof(pages_[0]));
}

void Balloon::report(policy::StatisticsMessage& statistics) const {
  statistics.machine.balloon_target_bytes = target_.load() * balloon_page_bytes;
  statistics.machine.balloon_bytes = given_up_pages_.load() * balloon_page_bytes;
}

/// The buffers themselves are the free pages.
Result<std::uint32_t> Balloon::take_reported() {
  IMMURE_TRY(chain_.writable().discard());
  return 0U;
}

}  // namespace immure::vmm::virtio
