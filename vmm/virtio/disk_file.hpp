#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/unique_fd.hpp"
#include "policy/vmm_record.hpp"
#include "vmm/virtio/block_io.hpp"
#include "vmm/virtio/descriptor_chain.hpp"

namespace immure::vmm::virtio {

/// What a disk's bytes are kept in: an open raw file or block device. Offsets and sizes in bytes; whoever
/// calls has checked that they lie inside.
class DiskFile {
 public:
  /// An Error where the fd is neither file nor block device, is smaller than one block, or is not open for
  /// what the record says. With `direct` the page cache is left out, and blocks are as large as that needs.
  static Result<DiskFile> open(UniqueFd fd, const policy::VmmDisk& disk);

  [[nodiscard]] const Media& media() const { return media_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  /// Whole blocks, from or to a part of a chain.
  Result<void> read(const ChainPart& into, std::uint64_t part_offset, std::uint64_t size, std::uint64_t at);
  Result<void> write(const ChainPart& from, std::uint64_t part_offset, std::uint64_t size, std::uint64_t at);

  /// Makes what was written durable. Once the host could not write something back, it forgets about it
  /// (fsync(2), ERRORS): a later flush would succeed and lie. So after one that failed none succeeds any
  /// more.
  Result<void> flush();
  [[nodiscard]] bool has_lost_writes() const { return lost_writes_; }
  /// What a flush that failed elsewhere leaves behind; always an Error.
  Result<void> lose_writes();
  /// Whether a system call can move these as they are: direct I/O wants memory that is aligned.
  [[nodiscard]] bool takes(std::span<const iovec> slices) const;
  /// See virtio::free_range().
  Result<void> free(std::uint64_t at, std::uint64_t size);

 private:
  struct FreeMemory {
    void operator()(std::byte* memory) const;
  };

  DiskFile(UniqueFd fd, Media media) : fd_(std::move(fd)), media_(media) {}
  Result<void> go_direct(std::string_view name);
  template <typename Move>
  Result<void> for_each_bounce(std::uint64_t size, Move move);

  UniqueFd fd_;
  Media media_;
  bool lost_writes_ = false;
  // Direct I/O wants aligned memory, which is the guest's to choose: what is not goes through this.
  std::unique_ptr<std::byte, FreeMemory> bounce_;
  IoVectors vectors_{};
};

}  // namespace immure::vmm::virtio
