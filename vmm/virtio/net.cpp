#include "vmm/virtio/net.hpp"

#include <algorithm>
#include <cstring>

#include "vmm/counters.hpp"

namespace immure::vmm::virtio {

namespace {

// 5.1.2
constexpr std::uint16_t receive_queue = 0;
constexpr std::uint16_t transmit_queue = 1;
constexpr std::uint16_t queue_size = max_queue_size;

DeviceTraits net_traits(std::string_view id, std::uint64_t backend_features) {
  return {.type = DeviceType::network,
          .name = "net " + std::string(id),
          .features = feature::common | feature::net_mac | feature::net_status |
                      feature::net_mergeable_buffers | backend_features,
          .queue_sizes = {queue_size, queue_size}};
}

}  // namespace

std::unique_ptr<Net> Net::create(std::unique_ptr<NetBackend> backend, std::string_view id,
                                 const policy::MacAddress& mac, const policy::RateLimit& limit) {
  return std::unique_ptr<Net>(new Net(std::move(backend), id, mac, limit));
}

Net::Net(std::unique_ptr<NetBackend> backend, std::string_view id, const policy::MacAddress& mac,
         const policy::RateLimit& limit)
    : traits_(net_traits(id, backend->features())),
      config_{.mac = mac, .status = net_link_up},
      backend_(std::move(backend)),
      limits_{RateLimiter(limit), RateLimiter(limit)},
      frame_(max_frame_bytes),
      log_(traits_.name) {}

void Net::start(std::uint64_t features) {
  features_ = features;
  if (const auto used = backend_->use_features(features); !used) log_.warn(used.error().message);
}

void Net::reset() {
  features_ = 0;
  input_.size = 0;
  input_.placed = 0;
  input_.used_count = 0;
  input_.first_is_held = false;
  output_is_held_ = false;
}

Result<Progress> Net::serve(std::uint16_t index, Virtqueue& queue) {
  return index == transmit_queue ? serve_output(queue) : serve_input(queue);
}

Result<Progress> Net::serve_output(Virtqueue& queue) {
  const auto flushed = backend_->flush();
  if (!flushed) log_.warn(flushed.error().message);
  if (flushed && *flushed == NetBackend::Sent::blocked) return Progress::idle;
  unsigned served = 0;
  do {
    IMMURE_TRY(queue.suppress_notifications());
    for (;;) {
      if (!limits_[transmit_queue].may_start()) return Progress::idle;
      if (!output_is_held_ && !IMMURE_TRY(queue.pop(output_))) break;
      output_is_held_ = true;
      // Without room at the backend its fd brings us back; the chain stays held, the rest stays in the queue.
      if (IMMURE_TRY(send_frame()) == Transfer::waits) return Progress::idle;
      output_is_held_ = false;
      IMMURE_TRY(queue.push_used(output_, 0));
      if (++served == budget) return Progress::more;
    }
  } while (IMMURE_TRY(queue.request_notifications()));
  return Progress::idle;
}

/// The frame goes from the guest's memory to the backend as it is: we look at none of its bytes.
Result<Net::Transfer> Net::send_frame() {
  const auto& part = output_.readable();
  if (part.size() < sizeof(NetHeader)) return invalid("frame without its header");
  if (part.size() > max_frame_bytes) {
    log_.warn("a frame of " + std::to_string(part.size()) + " bytes is too long, and was dropped");
    add(counters_.sent_drops);
    return Transfer::done;
  }
  const auto slices = IMMURE_TRY(part.io_slices(0, part.size(), GuestAccess::device_reads, vectors_));
  const auto sent = backend_->send(slices);
  if (sent && *sent == NetBackend::Sent::whole) {
    limits_[transmit_queue].charge(part.size());
    add(counters_.sent_frames);
    add(counters_.sent_bytes, part.size() - sizeof(NetHeader));
  } else if (!sent) {
    log_.warn(sent.error().message);
    add(counters_.sent_drops);
  }
  return sent && *sent == NetBackend::Sent::blocked ? Transfer::waits : Transfer::done;
}

Result<Progress> Net::serve_input(Virtqueue& queue) {
  IMMURE_TRY(queue.suppress_notifications());
  for (unsigned served = 0; served < budget; ++served) {
    // What waits for the limit waits in the backend's queue, which has an end.
    if (input_.size == 0 && (!limits_[receive_queue].may_start() || !fetch_frame())) return Progress::idle;
    while (IMMURE_TRY(place_frame(queue)) == Transfer::waits) {
      // Only now does it matter when the driver gives buffers.
      if (!IMMURE_TRY(queue.request_notifications())) return Progress::idle;
    }
  }
  return Progress::more;
}

/// Takes the next frame; false where the backend has none. One that the driver would not understand is
/// dropped: there is no frame then.
bool Net::fetch_frame() {
  const auto size = backend_->receive(frame_);
  if (!size) log_.warn(size.error().message);
  if (!size || *size == 0) return false;
  limits_[receive_queue].charge(*size);
  NetHeader header;
  if (*size < sizeof(header)) {
    log_.warn("the host sent a frame without its header, which was dropped");
    add(counters_.received_drops);
    return true;
  }
  std::memcpy(&header, frame_.data(), sizeof(header));
  // A hint that may go only to those who asked for it (5.1.6.4.1).
  if ((features_ & feature::net_guest_checksum) == 0)
    header.flags &= static_cast<std::uint8_t>(~net_checksum_is_valid);
  if (!is_understood(header)) {
    add(counters_.received_drops);
    return true;
  }
  std::memcpy(frame_.data(), &header, sizeof(header));
  input_.size = *size;
  return true;
}

/// A frame may have been queued for an earlier driver, which had agreed on more than this one.
bool Net::is_understood(const NetHeader& header) const {
  auto needed = std::uint64_t{0};
  if ((header.flags & net_needs_checksum) != 0) needed |= feature::net_guest_checksum;
  if (header.segmentation == net_segmentation_tcp4)
    needed |= feature::net_guest_tso4;
  else if (header.segmentation == net_segmentation_tcp6)
    needed |= feature::net_guest_tso6;
  else if (header.segmentation != net_segmentation_none)
    return false;
  return (features_ & needed) == needed;
}

/// Copies the frame into as many chains as it needs; `waits` where the driver has to give more.
Result<Net::Transfer> Net::place_frame(Virtqueue& queue) {
  while (input_.placed < input_.size) {
    if (!IMMURE_TRY(place_part(queue))) {
      if (input_.used_count < queue.size()) return Transfer::waits;
      // The driver has no buffer left that could come: it gets all of them back, empty.
      for (auto& element : input_.used) element.written = 0;
      IMMURE_TRY(give_back(queue));
      drop_frame("is longer than all buffers of the guest together");
      return Transfer::done;
    }
  }
  if (input_.size == 0) return Transfer::done;  // dropped
  const auto count = static_cast<std::uint16_t>(input_.used_count);
  IMMURE_TRY(input_.first.writable().write(offsetof(NetHeader, buffer_count), bytes_of(count)));
  IMMURE_TRY(give_back(queue));
  add(counters_.received_frames);
  add(counters_.received_bytes, input_.size - sizeof(NetHeader));
  input_.size = 0;
  return Transfer::done;
}

/// One chain's share of the frame; false where there is no chain.
Result<bool> Net::place_part(Virtqueue& queue) {
  const bool is_first = input_.used_count == 0;
  auto& chain = is_first ? input_.first : input_.next;
  if (!(is_first && input_.first_is_held) && !IMMURE_TRY(queue.pop(chain))) return false;
  const auto room = chain.writable().size();
  if (room < (is_first ? sizeof(NetHeader) : 1)) return invalid("receive buffer without room for a header");
  if ((features_ & feature::net_mergeable_buffers) == 0 && room < input_.size) {
    input_.first_is_held = true;  // for the next frame
    drop_frame("is longer than the guest's buffer");
    return true;
  }
  const auto part = std::min<std::uint64_t>(room, input_.size - input_.placed);
  IMMURE_TRY(chain.writable().write(0, std::span(frame_).subspan(input_.placed, part)));
  input_.used.at(input_.used_count++) = {.head = chain.head(), .written = static_cast<std::uint32_t>(part)};
  input_.first_is_held = false;
  input_.placed += part;
  return true;
}

Result<void> Net::give_back(Virtqueue& queue) {
  IMMURE_TRY(queue.push_used(std::span(input_.used).first(input_.used_count)));
  input_.used_count = 0;
  input_.placed = 0;
  return {};
}

void Net::drop_frame(std::string_view why) {
  log_.warn("a frame of " + std::to_string(input_.size) + " bytes " + std::string(why) + ", and was dropped");
  add(counters_.received_drops);
  input_.size = 0;
  input_.placed = 0;
}

void Net::report(policy::StatisticsMessage& statistics) const {
  statistics.nets.at(statistics.net_count++) = read(counters_, policy::net_fields);
}

}  // namespace immure::vmm::virtio
