#include "vmm/virtio/block.hpp"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "base/checked.hpp"
#include "vmm/virtio/block_io.hpp"
#include "vmm/virtio/serve_requests.hpp"

namespace immure::vmm::virtio {

namespace {

constexpr std::uint16_t queue_size = max_queue_size;
constexpr std::uint32_t max_segments = queue_size - 2;  // header and status take a descriptor each
constexpr std::uint32_t max_segment_bytes = 64 * 1024;
/// What a driver that heeds both limits can ask for, 16 MiB. More would keep the io thread, and with it the
/// guest's other devices, in one system call for as long as the guest likes.
constexpr std::uint64_t max_request_bytes = std::uint64_t{max_segments} * max_segment_bytes;

/// Giving space back is a matter of the file system's books. Zeros may have to be written, byte for byte.
constexpr std::uint32_t max_discard_sectors = (1U << 30) / sector_bytes;
constexpr std::uint32_t max_write_zeroes_sectors = (16U << 20) / sector_bytes;

DeviceTraits block_traits(std::string_view id, policy::DiskAccess access) {
  auto features = feature::common | feature::block_max_size | feature::block_max_segments |
                  feature::block_size | feature::block_flush;
  features |= access == policy::DiskAccess::read_only ? feature::block_read_only
                                                      : feature::block_discard | feature::block_write_zeroes;
  return {.type = DeviceType::block,
          .name = "disk " + std::string(id),
          .features = features,
          .queue_sizes = {queue_size}};
}

}  // namespace

Result<std::unique_ptr<Block>> Block::create(UniqueFd fd, std::string_view id, policy::DiskAccess access) {
  const auto name = "disk " + std::string(id);
  const auto media = IMMURE_TRY(probe_media(fd.get(), name));
  if (media.bytes < sector_bytes) return invalid(name + " is smaller than one sector of 512 bytes");
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0) return system_error("ask how " + name + " is open");
  if (access != policy::DiskAccess::read_only && (flags & O_ACCMODE) != O_RDWR)
    return invalid(name + " is to be writable, but its file descriptor is not");
  return std::unique_ptr<Block>(
      new Block(std::move(fd), id, access, media.bytes / sector_bytes, media.logical_block));
}

Block::Block(UniqueFd fd, std::string_view id, policy::DiskAccess access, std::uint64_t sectors,
             std::uint32_t sector_size)
    : traits_(block_traits(id, access)), fd_(std::move(fd)), access_(access), log_(traits_.name) {
  config_.capacity = sectors;
  config_.max_size = max_segment_bytes;
  config_.max_segments = max_segments;
  config_.block_size = sector_size;
  config_.max_discard_sectors = max_discard_sectors;
  config_.discard_alignment = static_cast<std::uint32_t>(sector_size / sector_bytes);
  config_.max_write_zeroes_sectors = max_write_zeroes_sectors;
  config_.max_discard_segments = config_.max_write_zeroes_segments = 1;
  config_.write_zeroes_may_unmap = 1;
  std::ranges::copy(std::as_bytes(std::span(id.substr(0, id_.size()))), id_.begin());
}

void Block::start(std::uint64_t features) {
  // A driver that cannot flush relies on writes being durable once they are done (VIRTIO 1.2, 5.2.6.2).
  write_through_ = (features & feature::block_flush) == 0;
}

void Block::reset() { write_through_ = true; }

Result<Progress> Block::serve(std::uint16_t /*index*/, Virtqueue& queue) {
  return serve_requests(queue, chain_, [this] { return handle_request(); });
}

/// Header and status are the only bytes of a request that mean something to us; the header is copied once.
Result<std::uint32_t> Block::handle_request() {
  BlockHeader header;
  IMMURE_TRY(chain_.readable().read(0, writable_bytes_of(header)));
  const auto& writable = chain_.writable();
  if (writable.size() == 0) return invalid("block request without room for its status");
  const auto status_offset = writable.size() - 1;

  auto status = BlockStatus::unsupported;
  switch (BlockRequest{header.type}) {
    case BlockRequest::in:
      status = read_sectors(header.sector, status_offset);
      break;
    case BlockRequest::out:
      status = write_sectors(header.sector, chain_.readable().size() - sizeof(header));
      break;
    case BlockRequest::flush:
      status = flush();
      break;
    case BlockRequest::discard:
    case BlockRequest::write_zeroes:
      status = IMMURE_TRY(zero(BlockRequest{header.type}, chain_.readable().size() - sizeof(header)));
      break;
    case BlockRequest::get_id:
      status = read_id(status_offset);
      break;
  }
  IMMURE_TRY(writable.write(status_offset, bytes_of(status)));
  // Counted from the start of the writable part: only a read fills it without a gap before the status.
  const bool is_filled = status == BlockStatus::ok && BlockRequest{header.type} == BlockRequest::in;
  return is_filled ? static_cast<std::uint32_t>(writable.size()) : 1U;
}

bool Block::is_acceptable(std::uint64_t sector, std::uint64_t size) const {
  return size <= max_request_bytes && size % sector_bytes == 0 &&
         range_fits(sector, size / sector_bytes, config_.capacity);
}

BlockStatus Block::read_sectors(std::uint64_t sector, std::uint64_t size) {
  if (!is_acceptable(sector, size))
    return fail("read past the end, of a part of a sector or of too much at once");
  auto slices = chain_.writable().io_slices(0, size, GuestAccess::device_writes, vectors_);
  if (!slices) return fail(slices.error().message);
  if (auto result = read_fully(fd_.get(), *slices, sector * sector_bytes); !result)
    return fail(result.error().message);
  return BlockStatus::ok;
}

BlockStatus Block::write_sectors(std::uint64_t sector, std::uint64_t size) {
  if (access_ == policy::DiskAccess::read_only) return fail("write to a read-only disk");
  if (!is_acceptable(sector, size))
    return fail("write past the end, of a part of a sector or of too much at once");
  auto slices = chain_.readable().io_slices(sizeof(BlockHeader), size, GuestAccess::device_reads, vectors_);
  if (!slices) return fail(slices.error().message);
  if (auto result = write_fully(fd_.get(), *slices, sector * sector_bytes); !result)
    return fail(result.error().message);
  return write_through_ ? flush() : BlockStatus::ok;
}

/// DISCARD and WRITE_ZEROES: the one range is copied, then checked.
Result<BlockStatus> Block::zero(BlockRequest kind, std::uint64_t size) {
  if (access_ == policy::DiskAccess::read_only) return fail("write to a read-only disk");
  BlockRange range;
  if (size != sizeof(range)) return fail("discard of no range or of more than one");
  IMMURE_TRY(chain_.readable().read(sizeof(BlockHeader), writable_bytes_of(range)));
  // Unknown flags, and "may unmap" in a discard, are unsupported (5.2.6.2).
  const bool may_unmap = range.flags == block_range_may_unmap;
  if (range.flags != 0 && !(may_unmap && kind == BlockRequest::write_zeroes)) return BlockStatus::unsupported;
  const auto most = kind == BlockRequest::discard ? max_discard_sectors : max_write_zeroes_sectors;
  if (range.sectors > most || !range_fits<std::uint64_t>(range.sector, range.sectors, config_.capacity))
    return fail("discard past the end or of too much at once");
  // Zeros that keep their space are for the driver to write: what would make them at once,
  // FALLOC_FL_ZERO_RANGE, can also take space behind the end of the disk, so the io thread's profile is
  // without it.
  if (kind == BlockRequest::write_zeroes && !may_unmap) return BlockStatus::unsupported;
  return free_range(range);
}

BlockStatus Block::free_range(const BlockRange& range) {
  if (range.sectors == 0) return BlockStatus::ok;
  const auto done =
      virtio::free_range(fd_.get(), range.sector * sector_bytes, std::uint64_t{range.sectors} * sector_bytes);
  if (!done && done.error().error_number == EOPNOTSUPP) return BlockStatus::unsupported;
  if (!done) return fail(done.error().message);
  return write_through_ ? flush() : BlockStatus::ok;
}

/// Once the host could not write something back, it forgets about it (fsync(2), ERRORS): a later flush would
/// succeed and lie. So no flush succeeds any more.
BlockStatus Block::flush() {
  if (access_ == policy::DiskAccess::read_only) return BlockStatus::ok;
  if (!lost_writes_ && ::fdatasync(fd_.get()) == 0) return BlockStatus::ok;
  lost_writes_ = true;
  return fail("fdatasync failed: writes may be lost");
}

BlockStatus Block::read_id(std::uint64_t size) {
  const auto length = std::min<std::uint64_t>(size, id_.size());
  if (auto result = chain_.writable().write(0, std::span(id_).first(length)); !result)
    return fail(result.error().message);
  return BlockStatus::ok;
}

BlockStatus Block::fail(std::string_view what) {
  log_.warn(what);
  return BlockStatus::io_error;
}

Result<void> Block::shut_down() {
  if (flush() != BlockStatus::ok) return invalid(traits_.name + ": its last writes may be lost");
  return {};
}

}  // namespace immure::vmm::virtio
