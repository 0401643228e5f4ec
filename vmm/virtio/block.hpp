#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/io.hpp"
#include "vmm/rate_limited_log.hpp"
#include "vmm/virtio/block_layout.hpp"
#include "vmm/virtio/device.hpp"
#include "vmm/virtio/disk_file.hpp"
#include "vmm/virtio/disk_queue.hpp"

namespace immure::vmm::virtio {

/// A disk (VIRTIO 1.2, 5.2): a raw regular file or a block device, given as an open fd. Its size is taken
/// once; nothing that the guest writes is ever looked at. Requests are served on the io thread: in their
/// order, by one system call after the other, or many at once in an io_uring. FLUSH makes durable what was
/// done before it came. Several queues spare the guest's CPUs a common lock, and each CPU gets the interrupts
/// of its own requests.
class Block final : public Device {
 public:
  /// The record's id is the serial number (20 bytes at most). An Error where DiskFile::open() has one.
  static Result<std::unique_ptr<Block>> create(UniqueFd fd, const policy::VmmDisk& disk);

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return bytes_of(config_); }
  void start(std::uint64_t features) override;
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override;
  Result<void> shut_down() override;
  std::span<RateLimiter> limits() override { return {&limit_, 1}; }
  void report(policy::StatisticsMessage& statistics) const override;
  [[nodiscard]] int host_fd() const override { return async_ ? async_->event() : -1; }

 private:
  Block(DiskFile file, const policy::VmmDisk& disk);

  /// What a request asks for, checked; what is no move is done already, with this status.
  struct Order {
    BlockRequest kind{};
    BlockStatus status = BlockStatus::unsupported;
    bool is_move = false;
    DiskQueue::Move move{};
    std::uint64_t part_offset = 0;
    std::uint64_t size = 0;
    std::uint64_t at = 0;
  };
  Result<Order> read_order(const DescriptorChain& chain);
  void plan_move(Order& order, DiskQueue::Move move, std::uint64_t sector, std::uint64_t size);
  void plan_flush(Order& order);
  BlockStatus carry_out(const DescriptorChain& chain, const Order& order);
  Result<std::uint32_t> finish(const DescriptorChain& chain, BlockRequest kind, BlockStatus status);
  void count(const DescriptorChain& chain, BlockRequest kind, BlockStatus status);

  Result<Progress> serve_async(std::uint16_t index, Virtqueue& queue);
  Result<void> begin(std::uint16_t index, Virtqueue& queue, DiskQueue::Request& request);
  Result<bool> give_back_done(std::uint16_t index, Virtqueue& queue);

  Result<BlockStatus> zero(const DescriptorChain& chain, BlockRequest kind, std::uint64_t size);
  BlockStatus free_range(const BlockRange& range);
  BlockStatus read_id(const DescriptorChain& chain, std::uint64_t size);
  BlockStatus flush();
  BlockStatus fail(std::string_view what);

  DeviceTraits traits_;
  BlockConfig config_;
  DiskFile file_;
  std::array<std::byte, block_id_size> id_{};
  policy::DiskAccess access_;
  bool write_through_ = true;
  RateLimiter limit_;  // of all queues together
  DescriptorChain chain_;
  std::unique_ptr<DiskQueue> async_;  // with io_uring; after file_, which it works on
  policy::DiskCounters counters_;
  RateLimitedLog log_;
};

}  // namespace immure::vmm::virtio
