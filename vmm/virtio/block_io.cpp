#include "vmm/virtio/block_io.hpp"

#include <bit>

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace immure::vmm::virtio {

namespace {

constexpr std::uint32_t smallest_block = 512;
constexpr std::uint32_t largest_block = 64 << 10;

/// `size` where it can be a block of a disk, else `fallback`: file systems also name sizes that suit a copy.
std::uint32_t block_or(std::uint64_t size, std::uint32_t fallback) {
  const bool is_block = std::has_single_bit(size) && size >= fallback && size <= largest_block;
  return is_block ? static_cast<std::uint32_t>(size) : fallback;
}

using VectorCall = ssize_t (*)(int, const iovec*, int, off64_t);

/// Drops the first `count` bytes.
std::span<iovec> drop_front(std::span<iovec> slices, std::size_t count) {
  while (!slices.empty() && count >= slices.front().iov_len) {
    count -= slices.front().iov_len;
    slices = slices.subspan(1);
  }
  if (count > 0) {
    auto& first = slices.front();
    first.iov_base = static_cast<std::byte*>(first.iov_base) + count;
    first.iov_len -= count;
  }
  return slices;
}

Result<void> repeat(VectorCall call, std::string_view what, int fd, std::span<iovec> slices,
                    std::uint64_t offset) {
  slices = drop_front(slices, 0);
  while (!slices.empty()) {
    const auto count = call(fd, slices.data(), static_cast<int>(slices.size()), static_cast<off64_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(what);
    if (count == 0) return invalid(std::string(what) + ": the file is shorter than it was");
    offset += static_cast<std::uint64_t>(count);
    slices = drop_front(slices, static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace

Result<Media> probe_media(int fd, std::string_view name) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("fstat " + std::string(name));
  if (S_ISREG(status.st_mode))
    return Media{.bytes = static_cast<std::uint64_t>(status.st_size),
                 .logical_block = smallest_block,
                 .physical_block = block_or(static_cast<std::uint64_t>(status.st_blksize), smallest_block)};
  if (!S_ISBLK(status.st_mode))
    return invalid(std::string(name) + " is neither a regular file nor a block device");
  std::uint64_t bytes = 0;
  int logical_block = 0;
  if (::ioctl(fd, BLKGETSIZE64, &bytes) != 0) return system_error("BLKGETSIZE64 " + std::string(name));
  if (::ioctl(fd, BLKSSZGET, &logical_block) != 0) return system_error("BLKSSZGET " + std::string(name));
  Media media{.bytes = bytes, .logical_block = static_cast<std::uint32_t>(logical_block)};
  unsigned int physical_block = 0;
  unsigned int optimal_io = 0;
  if (::ioctl(fd, BLKPBSZGET, &physical_block) != 0) return system_error("BLKPBSZGET " + std::string(name));
  if (::ioctl(fd, BLKIOOPT, &optimal_io) != 0) return system_error("BLKIOOPT " + std::string(name));
  media.physical_block = block_or(physical_block, media.logical_block);
  media.optimal_io = optimal_io;
  return media;
}

Result<void> read_fully(int fd, std::span<iovec> slices, std::uint64_t offset) {
  return repeat(::preadv64, "read from the disk", fd, slices, offset);
}

Result<void> write_fully(int fd, std::span<iovec> slices, std::uint64_t offset) {
  return repeat(::pwritev64, "write to the disk", fd, slices, offset);
}

Result<void> free_range(int fd, std::uint64_t offset, std::uint64_t size) {
  int done = 0;
  do {
    done = ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                       static_cast<off_t>(size));
  } while (done != 0 && errno == EINTR);
  return checked(done, "free a range of the disk");
}

}  // namespace immure::vmm::virtio
