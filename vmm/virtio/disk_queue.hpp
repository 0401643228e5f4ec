#pragma once

#include <memory>
#include <vector>

#include "vmm/virtio/block_layout.hpp"
#include "vmm/virtio/disk_file.hpp"
#include "vmm/virtio/io_ring.hpp"

namespace immure::vmm::virtio {

/// Requests of a disk that are on their way in an io_uring, a bounded number of them. What the ring does not
/// finish (a short count, memory that direct I/O does not take) the file does at once, so that a request
/// always ends in one of two ways: done, or failed.
class DiskQueue {
 public:
  static constexpr unsigned depth = 64;

  enum class Move : std::uint8_t { read, write, flush };

  /// A request and what becomes of it. Large (12 KiB): as many are made as were ever needed at once.
  struct Request {
    enum class State : std::uint8_t { free, taken, on_its_way, done };

    DescriptorChain chain;
    std::uint16_t queue = 0;  ///< which of the device's it came from
    BlockRequest kind{};      ///< for whoever answers the guest
    Move move{};
    std::uint64_t part_offset = 0;  ///< of the bytes in the chain's part
    std::uint64_t size = 0;
    std::uint64_t at = 0;  ///< in the file
    Result<void> outcome;  ///< once it is done

   private:
    friend class DiskQueue;
    State state = State::free;
    std::size_t index = 0;
    IoVectors vectors{};
  };

  /// `file` outlives the queue. An Error where there is no io_uring.
  static Result<std::unique_ptr<DiskQueue>> create(DiskFile& file, policy::DiskAccess access);

  [[nodiscard]] int event() const { return ring_.event(); }

  /// A request to fill in, or null: all of them are in use, and event() tells when one was completed.
  Request* take();
  /// Filled in and checked: bytes inside the disk, none where it flushes. Goes out with submit().
  void start(Request& request);
  /// No event tells of what is done before it returns.
  Result<void> submit() { return ring_.submit(); }
  /// The next one that is done, of this queue of the device; null: none is.
  Request* next_done(std::uint16_t queue);
  /// Whether one is done, of whichever queue.
  [[nodiscard]] bool has_done() const;
  void give_back(Request& request) { request.state = Request::State::free; }
  /// Waits until nothing is on its way, and forgets everything.
  void drain();

 private:
  /// Whether what the ring left over is done; not where the driver's reset waits, perhaps on a vCPU's thread,
  /// which may not touch disks.
  enum class Leftover : std::uint8_t { is_done, is_dropped };

  DiskQueue(DiskFile& file, IoRing ring) : file_(file), ring_(std::move(ring)) {}
  void reap(Leftover leftover);
  void finish(Request& request, std::int32_t result, Leftover leftover);
  [[nodiscard]] Result<void> do_rest(Request& request, std::uint64_t done);

  DiskFile& file_;
  IoRing ring_;
  std::vector<std::unique_ptr<Request>> requests_;
  unsigned on_their_way_ = 0;
};

}  // namespace immure::vmm::virtio
