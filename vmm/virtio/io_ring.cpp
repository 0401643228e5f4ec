#include "vmm/virtio/io_ring.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

#include <emmintrin.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace immure::vmm::virtio {

namespace {

/// Workers of the kernel that may run for the thread, of either kind: they count as threads of the guest's
/// cgroup.
constexpr unsigned max_workers = 2;

std::uint32_t load(const std::uint32_t* place) {
  return std::atomic_ref(*const_cast<std::uint32_t*>(place)).load(std::memory_order_acquire);
}
void store(std::uint32_t* place, std::uint32_t value) {
  std::atomic_ref(*place).store(value, std::memory_order_release);
}

template <typename T>
T* at(std::span<std::byte> mapping, std::uint32_t offset) {
  return reinterpret_cast<T*>(mapping.data() + offset);
}

Result<void> tell_ring(int ring, unsigned what, const void* argument, unsigned count, const char* name) {
  if (::syscall(SYS_io_uring_register, ring, what, argument, count) < 0)
    return system_error(std::string("io_uring: ") + name);
  return {};
}

}  // namespace

Result<IoRing> IoRing::create(int file, unsigned entries, Access access) {
  IoRing made;
  io_uring_params parameters{};
  parameters.flags = IORING_SETUP_R_DISABLED;
  made.ring_.reset(static_cast<int>(::syscall(SYS_io_uring_setup, entries, &parameters)));
  if (!made.ring_) return system_error("io_uring_setup (see kernel.io_uring_disabled)");
  // One mapping for both rings, iovecs that are copied at once, no lost completions: Linux 5.5 and later.
  constexpr std::uint32_t needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE;
  if ((parameters.features & needed) != needed) return invalid("io_uring: this kernel's is too old");
  IMMURE_TRY(made.map(parameters));
  made.event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made.event_) return system_error("eventfd of an io_uring");
  IMMURE_TRY(made.lock_down(file, access));
  return made;
}

Result<void> IoRing::map(const io_uring_params& parameters) {
  const auto size =
      std::max<std::size_t>(parameters.sq_off.array + parameters.sq_entries * sizeof(std::uint32_t),
                            parameters.cq_off.cqes + parameters.cq_entries * sizeof(io_uring_cqe));
  constexpr int protection = PROT_READ | PROT_WRITE;
  constexpr int flags = MAP_SHARED | MAP_POPULATE;
  rings_ = IMMURE_TRY(UniqueMapping::map(size, protection, flags, ring_.get(), IORING_OFF_SQ_RING));
  entries_ = IMMURE_TRY(UniqueMapping::map(parameters.sq_entries * sizeof(io_uring_sqe), protection, flags,
                                           ring_.get(), IORING_OFF_SQES));
  const auto bytes = rings_.bytes();
  submissions_ = {.head = at<std::uint32_t>(bytes, parameters.sq_off.head),
                  .tail = at<std::uint32_t>(bytes, parameters.sq_off.tail),
                  .mask = *at<std::uint32_t>(bytes, parameters.sq_off.ring_mask)};
  completions_ = {.head = at<std::uint32_t>(bytes, parameters.cq_off.head),
                  .tail = at<std::uint32_t>(bytes, parameters.cq_off.tail),
                  .mask = *at<std::uint32_t>(bytes, parameters.cq_off.ring_mask)};
  completion_flags_ = at<std::uint32_t>(bytes, parameters.cq_off.flags);
  completed_ = at<io_uring_cqe>(bytes, parameters.cq_off.cqes);
  // The ring names entries by number: number i is entry i for ever.
  auto* const numbers = at<std::uint32_t>(bytes, parameters.sq_off.array);
  for (std::uint32_t i = 0; i < parameters.sq_entries; ++i) numbers[i] = i;
  return {};
}

Result<void> IoRing::lock_down(int file, Access access) {
  const int event = event_.get();
  IMMURE_TRY(tell_ring(ring_.get(), IORING_REGISTER_FILES, &file, 1, "register the disk"));
  IMMURE_TRY(tell_ring(ring_.get(), IORING_REGISTER_EVENTFD, &event, 1, "register an eventfd"));
  unsigned workers[2] = {max_workers, max_workers};
  IMMURE_TRY(tell_ring(ring_.get(), IORING_REGISTER_IOWQ_MAX_WORKERS, workers, 2, "limit the workers"));

  std::vector<io_uring_restriction> allowed;
  const auto allow = [&allowed](std::uint16_t kind, std::uint8_t what) {
    io_uring_restriction restriction{};
    restriction.opcode = kind;
    restriction.sqe_op = what;
    allowed.push_back(restriction);
  };
  allow(IORING_RESTRICTION_SQE_OP, IORING_OP_READV);
  if (access == Access::read_write) {
    allow(IORING_RESTRICTION_SQE_OP, IORING_OP_WRITEV);
    allow(IORING_RESTRICTION_SQE_OP, IORING_OP_FSYNC);
  }
  // Only registered files. No registration is allowed, so that nothing can be registered any more.
  allow(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, IOSQE_FIXED_FILE);
  allow(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, IOSQE_FIXED_FILE);
  IMMURE_TRY(tell_ring(ring_.get(), IORING_REGISTER_RESTRICTIONS, allowed.data(),
                       static_cast<unsigned>(allowed.size()), "restrict it"));
  return tell_ring(ring_.get(), IORING_REGISTER_ENABLE_RINGS, nullptr, 0, "switch it on");
}

io_uring_sqe& IoRing::fill_in(std::uint8_t operation, std::uint64_t tag) {
  const auto index = (*submissions_.tail + filled_in_++) & submissions_.mask;
  auto& entry = *at<io_uring_sqe>(entries_.bytes(), index * static_cast<std::uint32_t>(sizeof(io_uring_sqe)));
  entry = {};
  entry.opcode = operation;
  entry.flags = IOSQE_FIXED_FILE;
  entry.fd = 0;  // the one that is registered
  entry.user_data = tag;
  return entry;
}

void IoRing::move(std::uint8_t operation, std::span<const iovec> slices, std::uint64_t offset,
                  std::uint64_t tag) {
  auto& entry = fill_in(operation, tag);
  entry.addr = reinterpret_cast<std::uint64_t>(slices.data());
  entry.len = static_cast<std::uint32_t>(slices.size());
  entry.off = offset;
}

void IoRing::read(std::span<const iovec> slices, std::uint64_t offset, std::uint64_t tag) {
  move(IORING_OP_READV, slices, offset, tag);
}

void IoRing::write(std::span<const iovec> slices, std::uint64_t offset, std::uint64_t tag) {
  move(IORING_OP_WRITEV, slices, offset, tag);
}

void IoRing::sync(std::uint64_t tag) { fill_in(IORING_OP_FSYNC, tag).fsync_flags = IORING_FSYNC_DATASYNC; }

Result<void> IoRing::submit() {
  if (filled_in_ == 0) return {};
  store(submissions_.tail, *submissions_.tail + std::exchange(filled_in_, 0));
  store(completion_flags_, IORING_CQ_EVENTFD_DISABLED);
  auto entered = enter(0, 0);
  store(completion_flags_, 0);
  // The kernel posts and then looks whether to tell; the caller looks once telling is on again. As with a
  // virtqueue's notifications, each could miss the other without a full barrier on both sides.
  _mm_mfence();
  return entered;
}

std::optional<IoRing::Completion> IoRing::next() {
  const auto head = *completions_.head;
  if (head == load(completions_.tail)) return std::nullopt;
  const auto& entry = completed_[head & completions_.mask];
  const Completion completion{.tag = entry.user_data, .result = entry.res};
  store(completions_.head, head + 1);
  return completion;
}

Result<void> IoRing::wait() { return enter(1, IORING_ENTER_GETEVENTS); }

/// The kernel may take fewer entries than there are, and be interrupted.
Result<void> IoRing::enter(std::uint32_t wanted, unsigned flags) {
  for (;;) {
    const auto waiting = *submissions_.tail - load(submissions_.head);
    if (waiting == 0 && wanted == 0) return {};
    const auto taken = ::syscall(SYS_io_uring_enter, ring_.get(), waiting, wanted, flags, nullptr, 0);
    if (taken < 0 && errno != EINTR && errno != EAGAIN && errno != EBUSY)
      return system_error("io_uring_enter");
    if (taken >= 0) wanted = 0;
  }
}

}  // namespace immure::vmm::virtio
