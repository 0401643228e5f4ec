#include "vmm/virtio/disk_queue.hpp"

#include <algorithm>

namespace immure::vmm::virtio {

using State = DiskQueue::Request::State;

Result<std::unique_ptr<DiskQueue>> DiskQueue::create(DiskFile& file, policy::DiskAccess access) {
  const auto how =
      access == policy::DiskAccess::read_only ? IoRing::Access::read_only : IoRing::Access::read_write;
  auto ring = IMMURE_TRY(IoRing::create(file.fd(), depth, how));
  return std::unique_ptr<DiskQueue>(new DiskQueue(file, std::move(ring)));
}

DiskQueue::Request* DiskQueue::take() {
  reap(Leftover::is_done);
  for (const auto& request : requests_) {
    if (request->state != State::free) continue;
    request->state = State::taken;
    return request.get();
  }
  if (requests_.size() == depth) return nullptr;
  requests_.push_back(std::make_unique<Request>());
  auto& request = *requests_.back();
  request.index = requests_.size() - 1;
  request.state = State::taken;
  return &request;
}

void DiskQueue::start(Request& request) {
  const auto tag = std::uint64_t{request.index};
  if (request.move == Move::flush) {
    ring_.sync(tag);
  } else {
    const bool is_read = request.move == Move::read;
    const auto& part = is_read ? request.chain.writable() : request.chain.readable();
    const auto access = is_read ? GuestAccess::device_writes : GuestAccess::device_reads;
    const auto slices = part.io_slices(request.part_offset, request.size, access, request.vectors);
    if (!slices || request.size == 0 || !file_.takes(*slices)) {
      request.outcome = slices ? do_rest(request, 0) : std::unexpected(slices.error());
      request.state = State::done;
      return;
    }
    is_read ? ring_.read(*slices, request.at, tag) : ring_.write(*slices, request.at, tag);
  }
  request.state = State::on_its_way;
  ++on_their_way_;
}

void DiskQueue::reap(Leftover leftover) {
  while (const auto completion = ring_.next()) {
    // The kernel's word; a tag that is none of ours would be its mistake.
    if (completion->tag >= requests_.size()) continue;
    auto& request = *requests_[completion->tag];
    if (request.state != State::on_its_way) continue;
    --on_their_way_;
    finish(request, completion->result, leftover);
  }
}

void DiskQueue::finish(Request& request, std::int32_t result, Leftover leftover) {
  request.state = State::done;
  if (request.move == Move::flush) {
    request.outcome = result == 0 ? Result<void>{} : file_.lose_writes();
  } else if (leftover == Leftover::is_dropped) {
    request.outcome = {};
  } else if (result >= 0 || result == -EINTR || result == -EAGAIN) {
    request.outcome = do_rest(request, static_cast<std::uint64_t>(std::max(result, 0)));
  } else {
    request.outcome =
        system_error(request.move == Move::read ? "read from the disk" : "write to the disk", -result);
  }
}

/// What is left of a request that came `done` bytes far; an Error where the file ends first.
Result<void> DiskQueue::do_rest(Request& request, std::uint64_t done) {
  if (done >= request.size) return {};
  const auto left = request.size - done;
  if (request.move == Move::read)
    return file_.read(request.chain.writable(), request.part_offset + done, left, request.at + done);
  return file_.write(request.chain.readable(), request.part_offset + done, left, request.at + done);
}

DiskQueue::Request* DiskQueue::next_done(std::uint16_t queue) {
  reap(Leftover::is_done);
  for (const auto& request : requests_)
    if (request->state == State::done && request->queue == queue) return request.get();
  return nullptr;
}

bool DiskQueue::has_done() const {
  return std::ranges::any_of(requests_, [](const auto& request) { return request->state == State::done; });
}

void DiskQueue::drain() {
  // Memory of the guest is not written any more once its driver was told that the device is reset.
  (void)ring_.submit();
  for (reap(Leftover::is_dropped); on_their_way_ > 0; reap(Leftover::is_dropped)) {
    if (!ring_.wait()) break;
  }
  for (const auto& request : requests_) request->state = State::free;
}

}  // namespace immure::vmm::virtio
