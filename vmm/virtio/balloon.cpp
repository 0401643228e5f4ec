#include "vmm/virtio/balloon.hpp"

#include <algorithm>
#include <limits>

#include <sys/eventfd.h>

#include "vmm/virtio/serve_requests.hpp"

namespace immure::vmm::virtio {

namespace {

// 5.5.2. The driver numbers its queues without gaps: that of reports comes behind that of statistics, where
// it takes them. Hints are not offered.
constexpr std::uint16_t inflate_queue = 0;
constexpr std::uint16_t deflate_queue = 1;
constexpr std::uint16_t statistics_queue = 2;

/// Where in policy::guest_memory_fields a tag's value belongs (5.5.6.3); nothing for one that we do not tell.
std::optional<std::size_t> place_of(std::uint16_t tag) {
  using Memory = policy::GuestMemoryCounters;
  constexpr std::array<std::uint64_t Memory::*, 8> by_tag{
      &Memory::swapped_in_bytes, &Memory::swapped_out_bytes, &Memory::major_faults,    &Memory::minor_faults,
      &Memory::free_bytes,       &Memory::total_bytes,       &Memory::available_bytes, &Memory::cache_bytes};
  if (tag >= by_tag.size()) return std::nullopt;
  const auto field = std::ranges::find(policy::guest_memory_fields, by_tag.at(tag),
                                       &policy::CounterField<policy::GuestMemoryCounters>::value);
  return static_cast<std::size_t>(field - policy::guest_memory_fields.begin());
}
constexpr std::size_t said_usec = policy::guest_memory_fields.size() - 1;

}  // namespace

Result<std::unique_ptr<Balloon>> Balloon::create(const GuestMemory& memory) {
  UniqueFd changed(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd wanted(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!changed || !wanted) return system_error("eventfd for the balloon");
  return std::unique_ptr<Balloon>(new Balloon(memory, std::move(changed), std::move(wanted)));
}

Balloon::Balloon(const GuestMemory& memory, UniqueFd changed, UniqueFd wanted)
    : traits_{.type = DeviceType::balloon,
              .name = "balloon",
              .features = feature::common | feature::balloon_statistics | feature::balloon_deflate_on_oom |
                          feature::balloon_page_reporting,
              .queue_sizes = {128, 128, 128, 128}},
      memory_(memory),
      changed_(std::move(changed)),
      wanted_event_(std::move(wanted)) {}

bool Balloon::has_statistics() const { return (features_ & feature::balloon_statistics) != 0; }

void Balloon::reset() {
  features_ = 0;
  given_up_pages_ = 0;
  statistics_head_.reset();
  for (auto& value : said_) value = 0;
}

void Balloon::ask_for(std::uint64_t bytes) {
  const auto pages =
      std::min<std::uint64_t>(bytes / balloon_page_bytes, std::numeric_limits<std::uint32_t>::max());
  target_.store(static_cast<std::uint32_t>(pages));
  (void)::eventfd_write(changed_.get(), 1);
}

Result<Progress> Balloon::serve(std::uint16_t index, Virtqueue& queue) {
  if (has_statistics() && index == statistics_queue) return serve_statistics(queue);
  const auto reporting_queue = static_cast<std::uint16_t>(statistics_queue + (has_statistics() ? 1 : 0));
  return serve_requests(queue, chain_, nullptr, [this, index, reporting_queue]() -> Result<std::uint32_t> {
    if (index == inflate_queue) return inflate();
    if (index == reporting_queue) return take_reported();
    if (index == deflate_queue) deflate();
    return 0U;
  });
}

/// The driver gives one buffer with its numbers, and gives it anew each time that it got it back. From one
/// that gives a second one the first is taken no longer.
Result<Progress> Balloon::serve_statistics(Virtqueue& queue) {
  const auto give_back = [&]() -> Result<void> {
    const UsedElement element{.head = *statistics_head_, .written = 0};
    statistics_head_.reset();
    return queue.push_used(std::span(&element, 1));
  };
  unsigned served = 0;
  do {
    IMMURE_TRY(queue.suppress_notifications());
    while (IMMURE_TRY(queue.pop(chain_))) {
      if (statistics_head_) IMMURE_TRY(give_back());
      statistics_head_ = chain_.head();
      IMMURE_TRY(take_statistics());
      if (++served == budget) return Progress::more;
    }
  } while (IMMURE_TRY(queue.request_notifications()));
  if (statistics_head_ && statistics_are_wanted_.exchange(false)) IMMURE_TRY(give_back());
  return Progress::idle;
}

Result<void> Balloon::take_statistics() {
  std::array<BalloonStatistic, max_balloon_statistics> numbers{};
  const auto size = chain_.readable().size();
  if (size % sizeof(BalloonStatistic) != 0 || size > sizeof(numbers))
    return invalid("balloon statistics of a wrong size");
  const auto told = std::span(numbers).first(size / sizeof(BalloonStatistic));
  IMMURE_TRY(chain_.readable().read(0, std::as_writable_bytes(told)));
  for (const auto& number : told) {
    const std::uint64_t value = number.value;
    if (const auto place = place_of(number.tag)) said_.at(*place) = std::min(value, policy::max_count);
  }
  const auto uptime = std::chrono::steady_clock::now() - created_;
  said_.at(said_usec) = static_cast<std::uint64_t>(uptime / std::chrono::microseconds(1)) + 1;
  return {};
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
  for (std::size_t i = 0; i < said_.size(); ++i)
    statistics.memory.*policy::guest_memory_fields.at(i).value = said_.at(i);
  statistics_are_wanted_ = true;
  (void)::eventfd_write(wanted_event_.get(), 1);
}

/// The buffers themselves are the free pages.
Result<std::uint32_t> Balloon::take_reported() {
  IMMURE_TRY(chain_.writable().discard());
  return 0U;
}

}  // namespace immure::vmm::virtio
