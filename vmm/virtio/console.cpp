#include "vmm/virtio/console.hpp"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "vmm/counters.hpp"

namespace immure::vmm::virtio {

namespace {

// Queues of port 0: 0 receives, 1 transmits (VIRTIO 1.2, 5.3.2).
constexpr std::uint16_t transmit_queue = 1;

/// How many bytes of a chain are moved at once: a chain may hold 4 GiB.
constexpr std::uint64_t max_transfer = 64ULL * 1024;

/// read(2) or write(2), again where a signal came first: an edge-triggered event is not told twice.
template <typename Call>
ssize_t uninterrupted(Call call) {
  ssize_t count = 0;
  do {
    count = call();
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Result<std::unique_ptr<Console>> Console::create(UniqueFd socket, const policy::RateLimit& limit) {
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return system_error("make the console's socket non-blocking");
  return std::unique_ptr<Console>(new Console(std::move(socket), limit));
}

Console::Console(UniqueFd socket, const policy::RateLimit& limit)
    : traits_{.type = DeviceType::console,
              .name = "console",
              .features = feature::common,
              .queue_sizes = {64, 64}},
      socket_(std::move(socket)),
      limit_(limit) {}

void Console::reset() {
  output_.is_held = false;
  input_.is_held = false;
}

Result<Progress> Console::serve(std::uint16_t index, Virtqueue& queue) {
  return index == transmit_queue ? serve_output(queue) : serve_input(queue);
}

Result<Progress> Console::serve_output(Virtqueue& queue) {
  unsigned calls = 0;
  do {
    for (;;) {
      if (!output_.is_held) {
        if (!IMMURE_TRY(queue.pop(output_.chain))) break;
        output_.is_held = true;
        output_.done = 0;
      }
      if (++calls > budget) return Progress::more;
      if (!limit_.may_start()) return Progress::idle;  // its timer brings us back
      // The socket is full: EPOLLOUT brings us back. The chain stays held, the rest stays in the queue.
      if (IMMURE_TRY(send_some()) == Transfer::blocked) return Progress::idle;
      if (output_.done < output_.chain.readable().size()) continue;
      output_.is_held = false;
      IMMURE_TRY(queue.push_used(output_.chain, 0));
    }
  } while (IMMURE_TRY(queue.request_notifications()));
  return Progress::idle;
}

Result<Console::Transfer> Console::send_some() {
  const auto& part = output_.chain.readable();
  const auto size = std::min(part.size() - output_.done, max_transfer);
  const auto slices = IMMURE_TRY(part.io_slices(output_.done, size, GuestAccess::device_reads, vectors_));
  const auto before = output_.done;
  for (const auto& slice : slices) {
    const auto count = uninterrupted([&] { return ::write(socket_.get(), slice.iov_base, slice.iov_len); });
    if (count < 0 && errno == EAGAIN) {
      if (output_.done > before) break;
      return Transfer::blocked;
    }
    // Any other error is for ever: the peer is gone, and its share goes nowhere.
    output_.done += count < 0 ? slice.iov_len : static_cast<std::uint64_t>(count);
    if (count > 0) add(output_bytes_, static_cast<std::uint64_t>(count));
    if (count >= 0 && static_cast<std::size_t>(count) < slice.iov_len) break;
  }
  limit_.charge(output_.done - before);
  return Transfer::moved;
}

Result<Progress> Console::serve_input(Virtqueue& queue) {
  unsigned calls = 0;
  do {
    for (;;) {
      if (!input_.is_held) {
        if (!IMMURE_TRY(queue.pop(input_.chain))) break;
        input_.is_held = true;
      }
      if (++calls > budget) return Progress::more;
      // Nothing to read, or nobody who writes: the buffer stays held until EPOLLIN.
      const auto received = IMMURE_TRY(receive_some());
      if (received == 0) return Progress::idle;
      input_.is_held = false;
      IMMURE_TRY(queue.push_used(input_.chain, received));
    }
  } while (IMMURE_TRY(queue.request_notifications()));
  return Progress::idle;
}

Result<std::uint32_t> Console::receive_some() {
  const auto& part = input_.chain.writable();
  if (part.size() == 0) return invalid("console receive buffer without room");
  const auto size = std::min(part.size(), max_transfer);
  const auto slices = IMMURE_TRY(part.io_slices(0, size, GuestAccess::device_writes, vectors_));
  std::uint32_t received = 0;
  for (const auto& slice : slices) {
    const auto count = uninterrupted([&] { return ::read(socket_.get(), slice.iov_base, slice.iov_len); });
    if (count > 0) received += static_cast<std::uint32_t>(count);
    if (count < 0 || static_cast<std::size_t>(count) < slice.iov_len) break;
  }
  add(input_bytes_, received);
  return received;
}

void Console::report(policy::StatisticsMessage& statistics) const {
  statistics.machine.console_output_bytes += read(output_bytes_);
  statistics.machine.console_input_bytes += read(input_bytes_);
}

}  // namespace immure::vmm::virtio
