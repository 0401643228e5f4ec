#include "vmm/virtio/block_io.hpp"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace immure::vmm::virtio {

namespace {

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
  if (S_ISREG(status.st_mode)) return Media{static_cast<std::uint64_t>(status.st_size), 512};
  if (!S_ISBLK(status.st_mode))
    return invalid(std::string(name) + " is neither a regular file nor a block device");
  std::uint64_t bytes = 0;
  int logical_block = 0;
  if (::ioctl(fd, BLKGETSIZE64, &bytes) != 0) return system_error("BLKGETSIZE64 " + std::string(name));
  if (::ioctl(fd, BLKSSZGET, &logical_block) != 0) return system_error("BLKSSZGET " + std::string(name));
  return Media{bytes, static_cast<std::uint32_t>(logical_block)};
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
