#pragma once

#include <cstddef>
#include <cstdint>

/// The registers of virtio over PCI: VIRTIO 1.2, 4.1.4; little-endian.
namespace immure::vmm::virtio {

constexpr std::uint16_t no_vector = 0xffff;  ///< VIRTIO_MSI_NO_VECTOR

/// 4.1.4.3, virtio_pci_common_cfg.
struct CommonConfig {
  std::uint32_t device_feature_select = 0;
  std::uint32_t device_feature = 0;
  std::uint32_t driver_feature_select = 0;
  std::uint32_t driver_feature = 0;
  std::uint16_t config_msix_vector = no_vector;
  std::uint16_t num_queues = 0;
  std::uint8_t device_status = 0;
  std::uint8_t config_generation = 0;
  std::uint16_t queue_select = 0;
  std::uint16_t queue_size = 0;
  std::uint16_t queue_msix_vector = no_vector;
  std::uint16_t queue_enable = 0;
  std::uint16_t queue_notify_off = 0;
  std::uint64_t queue_desc = 0;
  std::uint64_t queue_driver = 0;
  std::uint64_t queue_device = 0;
};
static_assert(sizeof(CommonConfig) == 56);
static_assert(offsetof(CommonConfig, config_msix_vector) == 16);
static_assert(offsetof(CommonConfig, device_status) == 20);
static_assert(offsetof(CommonConfig, queue_select) == 22);
static_assert(offsetof(CommonConfig, queue_enable) == 28);
static_assert(offsetof(CommonConfig, queue_desc) == 32);
static_assert(offsetof(CommonConfig, queue_device) == 48);

/// 4.1.4, cfg_type.
enum class VirtioCapability : std::uint8_t { common = 1, notify = 2, isr = 3, device = 4, pci_access = 5 };

/// 4.1.4, virtio_pci_cap without its two bytes of header.
struct VirtioPciCapability {
  std::uint8_t length = 0;  ///< of the capability, header included
  VirtioCapability type{};
  std::uint8_t bar = 0;
  std::uint8_t id = 0;
  std::uint8_t padding[2]{};
  std::uint32_t offset = 0;  ///< in the BAR
  std::uint32_t size = 0;
  /// notify: bytes between the queues' addresses (4.1.4.4); pci_access: the data register (4.1.4.9).
  std::uint32_t extra = 0;
} __attribute__((packed));
static_assert(sizeof(VirtioPciCapability) == 18);
static_assert(offsetof(VirtioPciCapability, offset) == 6);

/// Bits of the ISR status (4.1.4.5).
constexpr std::uint8_t isr_queue = 1;
constexpr std::uint8_t isr_config = 2;

/// How we lay out BAR 0: a page for each structure, so that each could be mapped or trapped on its own.
namespace bar {
constexpr std::uint32_t page = 0x1000;
constexpr std::uint32_t common = 0 * page;
constexpr std::uint32_t isr = 1 * page;
constexpr std::uint32_t device = 2 * page;
constexpr std::uint32_t notify = 3 * page;
constexpr std::uint32_t msix_table = 4 * page;
constexpr std::uint32_t msix_pending = 5 * page;
constexpr std::uint32_t size = 8 * page;
constexpr std::uint32_t notify_multiplier = 4;
}  // namespace bar

}  // namespace immure::vmm::virtio
