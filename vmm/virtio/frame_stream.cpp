#include "vmm/virtio/frame_stream.hpp"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace immure::vmm::virtio {

namespace {

bool is_gone(int error) { return error == EPIPE || error == ECONNRESET; }

ssize_t write_parts(int fd, std::span<const iovec> parts) {
  ssize_t count = 0;
  do {
    count = ::writev(fd, parts.data(), static_cast<int>(parts.size()));
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Result<std::unique_ptr<FrameStream>> FrameStream::create(UniqueFd socket) {
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return system_error("make a network's socket non-blocking");
  UniqueFd end_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!end_event) return system_error("eventfd for a network's end");
  return std::unique_ptr<FrameStream>(new FrameStream(std::move(socket), std::move(end_event)));
}

std::unexpected<Error> FrameStream::end(const std::string& why) {
  has_ended_ = true;
  (void)::eventfd_write(end_event_.get(), 1);
  return invalid(why + ": the link is down");
}

Result<NetBackend::Sent> FrameStream::send(std::span<const iovec> frame) {
  if (has_ended_) return Sent::whole;  // as into a cable that nobody has plugged in
  if (IMMURE_TRY(flush()) == Sent::blocked) return Sent::blocked;
  std::size_t header = sizeof(NetHeader);
  std::size_t length = 0;
  std::size_t count = 1;
  for (const auto& part : frame) {
    const auto skipped = std::min(header, part.iov_len);
    header -= skipped;
    if (skipped == part.iov_len) continue;
    if (count == parts_.size()) return invalid("a frame of too many parts was dropped");
    parts_[count++] = {.iov_base = static_cast<std::byte*>(part.iov_base) + skipped,
                       .iov_len = part.iov_len - skipped};
    length += part.iov_len - skipped;
  }
  if (length == 0 || length > max_length)
    return invalid("a frame of " + std::to_string(length) + " bytes was dropped");
  Prefix prefix{static_cast<std::uint8_t>(length >> 24), static_cast<std::uint8_t>(length >> 16),
                static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
  parts_[0] = {.iov_base = prefix.data(), .iov_len = prefix.size()};
  const auto parts = std::span<const iovec>(parts_).first(count);
  const auto sent = write_parts(socket_.get(), parts);
  if (sent < 0 && errno == EAGAIN) return Sent::blocked;
  if (sent < 0 && is_gone(errno)) return end("the network's program is gone");
  if (sent < 0) return system_error("send a frame");
  keep_rest(parts, static_cast<std::size_t>(sent));
  return Sent::whole;
}

/// The frame counts as sent. The guest may change its memory from here on: only bytes of its own frame.
void FrameStream::keep_rest(std::span<const iovec> parts, std::size_t sent) {
  unsent_from_ = unsent_to_ = 0;
  for (const auto& part : parts) {
    const auto skipped = std::min(sent, part.iov_len);
    sent -= skipped;
    const auto left = part.iov_len - skipped;
    std::memcpy(unsent_.data() + unsent_to_, static_cast<const std::byte*>(part.iov_base) + skipped, left);
    unsent_to_ += left;
  }
}

Result<NetBackend::Sent> FrameStream::flush() {
  while (!has_ended_ && unsent_from_ < unsent_to_) {
    const iovec rest{.iov_base = unsent_.data() + unsent_from_, .iov_len = unsent_to_ - unsent_from_};
    const auto sent = write_parts(socket_.get(), std::span(&rest, 1));
    if (sent < 0 && errno == EAGAIN) return Sent::blocked;
    if (sent < 0) return end("the network's program is gone");
    unsent_from_ += static_cast<std::size_t>(sent);
  }
  return Sent::whole;
}

Result<std::size_t> FrameStream::receive(std::span<std::byte> into) {
  while (!has_ended_) {
    const auto size = IMMURE_TRY(take_frame(into));
    if (size != 0 || IMMURE_TRY(fill()) == Filled::nothing) return size;
  }
  return 0U;
}

/// The next frame if all of it has come, else 0.
Result<std::size_t> FrameStream::take_frame(std::span<std::byte> into) {
  const auto waiting = std::span(input_).subspan(input_from_, input_to_ - input_from_);
  Prefix prefix{};
  if (waiting.size() < prefix.size()) return 0U;
  std::memcpy(prefix.data(), waiting.data(), prefix.size());
  const std::size_t length =
      std::size_t{prefix[0]} << 24 | std::size_t{prefix[1]} << 16 | std::size_t{prefix[2]} << 8 | prefix[3];
  // There is no telling where the next frame would begin.
  if (length == 0 || length > max_length)
    return end("the network's program sent a frame of " + std::to_string(length) + " bytes");
  if (waiting.size() < prefix.size() + length) return 0U;
  input_from_ += prefix.size() + length;
  const NetHeader header;
  if (into.size() < sizeof(header) + length) return invalid("a frame is longer than its buffer");
  std::memcpy(into.data(), &header, sizeof(header));
  std::memcpy(into.data() + sizeof(header), waiting.data() + prefix.size(), length);
  return sizeof(header) + length;
}

/// Reads once. The buffer holds two frames, so that there is room whenever one is not complete.
Result<FrameStream::Filled> FrameStream::fill() {
  std::memmove(input_.data(), input_.data() + input_from_, input_to_ - input_from_);
  input_to_ -= input_from_;
  input_from_ = 0;
  ssize_t count = 0;
  do {
    count = ::read(socket_.get(), input_.data() + input_to_, input_.size() - input_to_);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return Filled::nothing;
  if (count < 0 && !is_gone(errno)) return system_error("receive frames");
  if (count <= 0) return end("the network's program is gone");
  input_to_ += static_cast<std::size_t>(count);
  return Filled::some;
}

}  // namespace immure::vmm::virtio
