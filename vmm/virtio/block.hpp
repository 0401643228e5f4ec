#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/io.hpp"
#include "base/unique_fd.hpp"
#include "policy/guest_record.hpp"
#include "vmm/rate_limited_log.hpp"
#include "vmm/virtio/block_io.hpp"
#include "vmm/virtio/block_layout.hpp"
#include "vmm/virtio/device.hpp"

namespace immure::vmm::virtio {

/// A disk (VIRTIO 1.2, 5.2): a raw regular file or a block device, given as an open fd. Its size is taken
/// once; nothing that the guest writes is ever looked at. Requests are served in order on the io thread,
/// through the host's page cache; FLUSH makes what was written before it durable.
class Block final : public Device {
 public:
  /// `id` is the serial number (20 bytes at most). An Error where the fd is neither file nor block device, is
  /// smaller than a sector, or is not open for what `access` says.
  static Result<std::unique_ptr<Block>> create(UniqueFd fd, std::string_view id, policy::DiskAccess access);

  [[nodiscard]] const DeviceTraits& traits() const override { return traits_; }
  [[nodiscard]] std::span<const std::byte> config() const override { return bytes_of(config_); }
  void start(std::uint64_t features) override;
  Result<Progress> serve(std::uint16_t index, Virtqueue& queue) override;
  void reset() override;
  Result<void> shut_down() override;

 private:
  Block(UniqueFd fd, std::string_view id, policy::DiskAccess access, std::uint64_t sectors,
        std::uint32_t sector_size);

  Result<std::uint32_t> handle_request();
  BlockStatus read_sectors(std::uint64_t sector, std::uint64_t size);
  BlockStatus write_sectors(std::uint64_t sector, std::uint64_t size);
  Result<BlockStatus> zero(BlockRequest kind, std::uint64_t size);
  BlockStatus free_range(const BlockRange& range);
  BlockStatus read_id(std::uint64_t size);
  BlockStatus flush();
  BlockStatus fail(std::string_view what);
  [[nodiscard]] bool is_acceptable(std::uint64_t sector, std::uint64_t size) const;

  DeviceTraits traits_;
  BlockConfig config_;
  UniqueFd fd_;
  std::array<std::byte, block_id_size> id_{};
  policy::DiskAccess access_;
  bool write_through_ = true;
  bool lost_writes_ = false;
  DescriptorChain chain_;
  IoVectors vectors_{};
  RateLimitedLog log_;
};

}  // namespace immure::vmm::virtio
