#include "vmm/virtio/disk_file.hpp"

#include <algorithm>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace immure::vmm::virtio {

namespace {

constexpr std::size_t bounce_bytes = 128 << 10;
constexpr std::size_t largest_alignment = 4096;

/// Whether the kernel takes memory, sizes and offsets that are multiples of `alignment` and of no more: asked
/// with a read, which every kernel and file system can answer.
Result<bool> takes_alignment(int fd, std::byte* memory, std::size_t alignment) {
  ssize_t count = 0;
  do {
    count = ::pread64(fd, memory + alignment, alignment, 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno != EINVAL) return system_error("read a disk past the page cache");
  return count >= 0;
}

}  // namespace

void DiskFile::FreeMemory::operator()(std::byte* memory) const { std::free(memory); }

Result<DiskFile> DiskFile::open(UniqueFd fd, const policy::VmmDisk& disk) {
  const auto name = "disk " + std::string(disk.id.view());
  const auto media = IMMURE_TRY(probe_media(fd.get(), name));
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0) return system_error("ask how " + name + " is open");
  if (disk.access != policy::DiskAccess::read_only && (flags & O_ACCMODE) != O_RDWR)
    return invalid(name + " is to be writable, but its file descriptor is not");
  DiskFile file(std::move(fd), media);
  // The descriptor is the same after a reboot of the guest, so what is not asked for is switched off.
  const bool is_direct = disk.direct == policy::Switch::on;
  const int wanted = is_direct ? flags | O_DIRECT : flags & ~O_DIRECT;
  if (wanted != flags && ::fcntl(file.fd(), F_SETFL, wanted) != 0)
    return system_error(name + ": its file system has no direct I/O (O_DIRECT)");
  if (is_direct) IMMURE_TRY(file.go_direct(name));
  if (file.media_.bytes < file.media_.logical_block)
    return invalid(name + " is smaller than one block of " + std::to_string(file.media_.logical_block) +
                   " bytes");
  return file;
}

Result<void> DiskFile::go_direct(std::string_view name) {
  bounce_.reset(static_cast<std::byte*>(std::aligned_alloc(largest_alignment * 2, bounce_bytes)));
  if (!bounce_) return invalid(std::string(name) + ": no memory for direct I/O");
  std::size_t alignment = media_.logical_block;
  while (!IMMURE_TRY(takes_alignment(fd_.get(), bounce_.get(), alignment))) {
    alignment *= 2;
    if (alignment > largest_alignment)
      return invalid(std::string(name) + ": its file system has no direct I/O in blocks of 4 KiB");
  }
  media_.logical_block = static_cast<std::uint32_t>(alignment);
  media_.physical_block = std::max(media_.physical_block, media_.logical_block);
  return {};
}

bool DiskFile::takes(std::span<const iovec> slices) const {
  if (!bounce_) return true;
  return std::ranges::all_of(slices, [this](const iovec& slice) {
    const auto start = reinterpret_cast<std::uintptr_t>(slice.iov_base);
    return (start | slice.iov_len) % media_.logical_block == 0;
  });
}

/// Calls `move(done, memory)` for each piece that fits the bounce buffer.
template <typename Move>
Result<void> DiskFile::for_each_bounce(std::uint64_t size, Move move) {
  for (std::uint64_t done = 0; done < size;) {
    const auto piece = std::min<std::uint64_t>(size - done, bounce_bytes);
    IMMURE_TRY(move(done, std::span(bounce_.get(), piece)));
    done += piece;
  }
  return {};
}

Result<void> DiskFile::read(const ChainPart& into, std::uint64_t part_offset, std::uint64_t size,
                            std::uint64_t at) {
  const auto slices = IMMURE_TRY(into.io_slices(part_offset, size, GuestAccess::device_writes, vectors_));
  if (takes(slices)) return read_fully(fd_.get(), slices, at);
  return for_each_bounce(size, [&](std::uint64_t done, std::span<std::byte> memory) -> Result<void> {
    iovec slice{.iov_base = memory.data(), .iov_len = memory.size()};
    IMMURE_TRY(read_fully(fd_.get(), std::span(&slice, 1), at + done));
    return into.write(part_offset + done, memory);
  });
}

Result<void> DiskFile::write(const ChainPart& from, std::uint64_t part_offset, std::uint64_t size,
                             std::uint64_t at) {
  const auto slices = IMMURE_TRY(from.io_slices(part_offset, size, GuestAccess::device_reads, vectors_));
  if (takes(slices)) return write_fully(fd_.get(), slices, at);
  return for_each_bounce(size, [&](std::uint64_t done, std::span<std::byte> memory) -> Result<void> {
    IMMURE_TRY(from.read(part_offset + done, memory));
    iovec slice{.iov_base = memory.data(), .iov_len = memory.size()};
    return write_fully(fd_.get(), std::span(&slice, 1), at + done);
  });
}

Result<void> DiskFile::flush() {
  if (!lost_writes_ && ::fdatasync(fd_.get()) == 0) return {};
  return lose_writes();
}

Result<void> DiskFile::lose_writes() {
  lost_writes_ = true;
  return invalid("fdatasync failed: writes may be lost");
}

Result<void> DiskFile::free(std::uint64_t at, std::uint64_t size) { return free_range(fd_.get(), at, size); }

}  // namespace immure::vmm::virtio
