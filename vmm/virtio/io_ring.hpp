#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <linux/io_uring.h>
#include <sys/uio.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "base/unique_mapping.hpp"

namespace immure::vmm::virtio {

/// An io_uring for one disk, locked down before it is switched on (io_uring_register(2),
/// IORING_REGISTER_RESTRICTIONS): it reads, and for a writable disk writes and syncs, that one registered
/// file. It can open, send, map or register nothing, whoever fills in its entries. Filling in and reaping is
/// one thread's; wait() may be another's, while that one stands still.
class IoRing {
 public:
  enum class Access : std::uint8_t { read_only, read_write };
  struct Completion {
    std::uint64_t tag = 0;
    std::int32_t result = 0;  ///< bytes, or a negative errno
  };

  /// Room for `entries` operations at once, a power of two. `file` may be closed afterwards. An Error says
  /// where a kernel has no io_uring, or keeps it from its users (kernel.io_uring_disabled).
  static Result<IoRing> create(int file, unsigned entries, Access access);

  /// Readable (edge-triggered) when something was completed since submit() returned.
  [[nodiscard]] int event() const { return event_.get(); }
  [[nodiscard]] int fd() const { return ring_.get(); }

  /// The caller keeps count: no more than `entries` operations are not completed. `slices` stay as they are
  /// until submit() has returned.
  void read(std::span<const iovec> slices, std::uint64_t offset, std::uint64_t tag);
  void write(std::span<const iovec> slices, std::uint64_t offset, std::uint64_t tag);
  void sync(std::uint64_t tag);

  /// Gives the kernel what was filled in. No event tells of what is completed before it returns, as all is
  /// that the page cache has: look with next().
  Result<void> submit();
  /// The next completion; nothing where there is none.
  std::optional<Completion> next();
  /// Waits until one more completion is there.
  Result<void> wait();

 private:
  struct Registers {
    std::uint32_t* head = nullptr;
    std::uint32_t* tail = nullptr;
    std::uint32_t mask = 0;
  };

  IoRing() = default;
  Result<void> map(const io_uring_params& parameters);
  Result<void> lock_down(int file, Access access);
  io_uring_sqe& fill_in(std::uint8_t operation, std::uint64_t tag);
  void move(std::uint8_t operation, std::span<const iovec> slices, std::uint64_t offset, std::uint64_t tag);
  Result<void> enter(std::uint32_t wanted, unsigned flags);

  UniqueFd ring_;
  UniqueFd event_;
  UniqueMapping rings_;
  UniqueMapping entries_;
  Registers submissions_;
  Registers completions_;
  std::uint32_t* completion_flags_ = nullptr;
  io_uring_cqe* completed_ = nullptr;
  std::uint32_t filled_in_ = 0;  // entries that the kernel was not told of yet
};

}  // namespace immure::vmm::virtio
