#include "vmm/virtio/block.hpp"

#include <algorithm>
#include <bit>

#include "base/checked.hpp"
#include "vmm/counters.hpp"
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

DeviceTraits block_traits(const policy::VmmDisk& disk) {
  auto features = feature::common | feature::block_max_size | feature::block_max_segments |
                  feature::block_size | feature::block_flush | feature::block_topology |
                  feature::block_queues;
  features |= disk.access == policy::DiskAccess::read_only
                  ? feature::block_read_only
                  : feature::block_discard | feature::block_write_zeroes;
  return {.type = DeviceType::block,
          .name = "disk " + std::string(disk.id.view()),
          .features = features,
          .queue_sizes = std::vector<std::uint16_t>(disk.queues, queue_size)};
}

BlockConfig config_of(const Media& media, std::uint32_t queues) {
  const auto block = media.logical_block;
  const auto block_sectors = static_cast<std::uint32_t>(block / sector_bytes);
  BlockConfig config;
  config.capacity =
      media.bytes / block * block_sectors;  // a block that is cut off at the end is out of reach
  config.max_size = max_segment_bytes;
  config.max_segments = max_segments;
  config.block_size = block;
  config.physical_block_exponent = static_cast<std::uint8_t>(std::countr_zero(media.physical_block / block));
  config.minimum_io = static_cast<std::uint16_t>(media.physical_block / block);
  config.optimal_io = media.optimal_io / block;
  config.queues = static_cast<std::uint16_t>(queues);
  config.max_discard_sectors = max_discard_sectors;
  config.discard_alignment = block_sectors;
  config.max_write_zeroes_sectors = max_write_zeroes_sectors;
  config.max_discard_segments = config.max_write_zeroes_segments = 1;
  config.write_zeroes_may_unmap = 1;
  return config;
}

}  // namespace

Result<std::unique_ptr<Block>> Block::create(UniqueFd fd, const policy::VmmDisk& disk) {
  auto file = IMMURE_TRY(DiskFile::open(std::move(fd), disk));
  std::unique_ptr<Block> block(new Block(std::move(file), disk));
  if (disk.engine == policy::DiskEngine::io_uring) {
    auto queue = DiskQueue::create(block->file_, disk.access);
    if (!queue) return with_context(block->traits_.name, std::move(queue).error());
    block->async_ = *std::move(queue);
  }
  return block;
}

Block::Block(DiskFile file, const policy::VmmDisk& disk)
    : traits_(block_traits(disk)),
      config_(config_of(file.media(), disk.queues)),
      file_(std::move(file)),
      access_(disk.access),
      limit_(disk.limit),
      log_(traits_.name) {
  std::ranges::copy(std::as_bytes(std::span(disk.id.view().substr(0, id_.size()))), id_.begin());
}

void Block::start(std::uint64_t features) {
  // A driver that cannot flush relies on writes being durable once they are done (VIRTIO 1.2, 5.2.6.2).
  write_through_ = (features & feature::block_flush) == 0;
}

void Block::reset() {
  write_through_ = true;
  if (async_) async_->drain();
}

Result<Progress> Block::serve(std::uint16_t index, Virtqueue& queue) {
  // With a flush behind each write there is nothing that could be on its way meanwhile.
  if (async_ && !write_through_) return serve_async(index, queue);
  return serve_requests(queue, chain_, &limit_, [this]() -> Result<std::uint32_t> {
    auto order = IMMURE_TRY(read_order(chain_));
    if (order.is_move) order.status = carry_out(chain_, order);
    return finish(chain_, order.kind, order.status);
  });
}

Result<Progress> Block::serve_async(std::uint16_t index, Virtqueue& queue) {
  unsigned served = 0;
  for (;;) {
    IMMURE_TRY(queue.suppress_notifications());
    bool is_full = false;
    for (;;) {
      (void)IMMURE_TRY(give_back_done(index, queue));
      if (served == budget || !limit_.may_start()) break;
      auto* const request = async_->take();
      is_full = request == nullptr;  // a completion brings us back
      if (is_full) break;
      if (!IMMURE_TRY(queue.pop(request->chain))) {
        async_->give_back(*request);
        break;
      }
      ++served;
      IMMURE_TRY(begin(index, queue, *request));
    }
    IMMURE_TRY(async_->submit());
    if (served == budget) return Progress::more;
    // What was at hand is done, and no event is to come for it.
    const bool gave_back = IMMURE_TRY(give_back_done(index, queue));
    if (is_full && gave_back) continue;
    if (is_full || !limit_.may_start() || !IMMURE_TRY(queue.request_notifications())) break;
  }
  return async_->has_done() ? Progress::all : Progress::idle;
}

/// What moves no bytes is answered at once.
Result<void> Block::begin(std::uint16_t index, Virtqueue& queue, DiskQueue::Request& request) {
  const auto order = IMMURE_TRY(read_order(request.chain));
  request.queue = index;
  if (order.is_move) {
    request.kind = order.kind;
    request.move = order.move;
    request.part_offset = order.part_offset;
    request.size = order.size;
    request.at = order.at;
    async_->start(request);
    return {};
  }
  const auto written = IMMURE_TRY(finish(request.chain, order.kind, order.status));
  IMMURE_TRY(queue.push_used(request.chain, written));
  async_->give_back(request);
  return {};
}

/// Yields whether there were any.
Result<bool> Block::give_back_done(std::uint16_t index, Virtqueue& queue) {
  bool gave_back = false;
  while (auto* const request = async_->next_done(index)) {
    const auto status = request->outcome ? BlockStatus::ok : fail(request->outcome.error().message);
    const auto written = IMMURE_TRY(finish(request->chain, request->kind, status));
    IMMURE_TRY(queue.push_used(request->chain, written));
    async_->give_back(*request);
    gave_back = true;
  }
  return gave_back;
}

/// Header and status are the only bytes of a request that mean something to us; the header is copied once.
Result<Block::Order> Block::read_order(const DescriptorChain& chain) {
  BlockHeader header;
  IMMURE_TRY(chain.readable().read(0, writable_bytes_of(header)));
  if (chain.writable().size() == 0) return invalid("block request without room for its status");
  const auto room = chain.writable().size() - 1;
  const auto sent = chain.readable().size() - sizeof(header);
  limit_.charge(sent + room);

  Order order{.kind = BlockRequest{header.type}};
  switch (order.kind) {
    case BlockRequest::in:
      plan_move(order, DiskQueue::Move::read, header.sector, room);
      break;
    case BlockRequest::out:
      order.part_offset = sizeof(header);
      plan_move(order, DiskQueue::Move::write, header.sector, sent);
      break;
    case BlockRequest::flush:
      plan_flush(order);
      break;
    case BlockRequest::discard:
    case BlockRequest::write_zeroes:
      order.status = IMMURE_TRY(zero(chain, order.kind, sent));
      break;
    case BlockRequest::get_id:
      order.status = read_id(chain, room);
      break;
  }
  return order;
}

/// Whole blocks inside the disk; they may be larger than a sector where the page cache is left out.
void Block::plan_move(Order& order, DiskQueue::Move move, std::uint64_t sector, std::uint64_t size) {
  const bool is_write = move == DiskQueue::Move::write;
  if (is_write && access_ == policy::DiskAccess::read_only) {
    order.status = fail("write to a read-only disk");
    return;
  }
  const auto block_sectors = config_.block_size / sector_bytes;
  const bool is_acceptable = size <= max_request_bytes && size % config_.block_size == 0 &&
                             sector % block_sectors == 0 &&
                             range_fits(sector, size / sector_bytes, config_.capacity);
  if (!is_acceptable) {
    order.status = fail(std::string(is_write ? "write" : "read") +
                        " past the end, of a part of a sector or of too much at once");
    return;
  }
  order.is_move = true;
  order.move = move;
  order.size = size;
  order.at = sector * sector_bytes;
}

void Block::plan_flush(Order& order) {
  order.status = BlockStatus::ok;
  if (access_ == policy::DiskAccess::read_only) return;
  if (file_.has_lost_writes()) {
    order.status = fail("a flush failed before: writes may be lost");
    return;
  }
  order.is_move = true;
  order.move = DiskQueue::Move::flush;
}

BlockStatus Block::carry_out(const DescriptorChain& chain, const Order& order) {
  if (order.move == DiskQueue::Move::flush) return flush();
  const auto done = order.move == DiskQueue::Move::read
                        ? file_.read(chain.writable(), order.part_offset, order.size, order.at)
                        : file_.write(chain.readable(), order.part_offset, order.size, order.at);
  if (!done) return fail(done.error().message);
  return order.move == DiskQueue::Move::write && write_through_ ? flush() : BlockStatus::ok;
}

/// Yields how many bytes of the chain were written, counted from its start: only a read leaves no gap before
/// the status.
Result<std::uint32_t> Block::finish(const DescriptorChain& chain, BlockRequest kind, BlockStatus status) {
  const auto& writable = chain.writable();
  count(chain, kind, status);
  IMMURE_TRY(writable.write(writable.size() - 1, bytes_of(status)));
  const bool is_filled = status == BlockStatus::ok && kind == BlockRequest::in;
  return is_filled ? static_cast<std::uint32_t>(writable.size()) : 1U;
}

/// A request that was carried out moved the whole of its chain, but header and status.
void Block::count(const DescriptorChain& chain, BlockRequest kind, BlockStatus status) {
  if (status != BlockStatus::ok) return add(counters_.errors);
  switch (kind) {
    case BlockRequest::in:
      add(counters_.reads);
      return add(counters_.read_bytes, chain.writable().size() - sizeof(status));
    case BlockRequest::out:
      add(counters_.writes);
      return add(counters_.written_bytes, chain.readable().size() - sizeof(BlockHeader));
    case BlockRequest::flush:
      return add(counters_.flushes);
    case BlockRequest::discard:
    case BlockRequest::write_zeroes:
      return add(counters_.discards);
    case BlockRequest::get_id:
      return;
  }
}

void Block::report(policy::StatisticsMessage& statistics) const {
  statistics.disks.at(statistics.disk_count++) = read(counters_, policy::disk_fields);
}

/// DISCARD and WRITE_ZEROES: the one range is copied, then checked.
Result<BlockStatus> Block::zero(const DescriptorChain& chain, BlockRequest kind, std::uint64_t size) {
  if (access_ == policy::DiskAccess::read_only) return fail("write to a read-only disk");
  BlockRange range;
  if (size != sizeof(range)) return fail("discard of no range or of more than one");
  IMMURE_TRY(chain.readable().read(sizeof(BlockHeader), writable_bytes_of(range)));
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
  const auto done = file_.free(range.sector * sector_bytes, std::uint64_t{range.sectors} * sector_bytes);
  if (!done && done.error().error_number == EOPNOTSUPP) return BlockStatus::unsupported;
  if (!done) return fail(done.error().message);
  return write_through_ ? flush() : BlockStatus::ok;
}

BlockStatus Block::flush() {
  if (access_ == policy::DiskAccess::read_only) return BlockStatus::ok;
  const auto done = file_.flush();
  return done ? BlockStatus::ok : fail(done.error().message);
}

BlockStatus Block::read_id(const DescriptorChain& chain, std::uint64_t size) {
  const auto length = std::min<std::uint64_t>(size, id_.size());
  if (auto result = chain.writable().write(0, std::span(id_).first(length)); !result)
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
