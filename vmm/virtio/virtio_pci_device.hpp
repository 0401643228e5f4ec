#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/unique_fd.hpp"
#include "vmm/event_loop.hpp"
#include "vmm/pci/msix.hpp"
#include "vmm/pci/pci_device.hpp"
#include "vmm/rate_limited_log.hpp"
#include "vmm/virtio/common_registers.hpp"
#include "vmm/virtio/device.hpp"

namespace immure::vmm::virtio {

/// A virtio device on PCI (VIRTIO 1.2, 4.1, modern only, MSI-X only). Registers are served on vCPU threads,
/// queues on the event loop's thread, both under the one lock of PciDevice: a reset therefore waits for the
/// requests at hand and is complete when the driver's write returns.
class VirtioPciDevice final : public PciDevice {
 public:
  /// Before the machine runs. `events`, `memory` and `loop` outlive the device.
  static Result<std::unique_ptr<VirtioPciDevice>> create(VmEvents& events, const GuestMemory& memory,
                                                         EventLoop& loop, std::unique_ptr<Device> device);

  Result<void> shut_down() override;

 private:
  struct Queue {
    UniqueFd doorbell;
    UniqueFd used;  // both only where a QueueServer serves it
    UniqueFd broken;
    std::optional<GuestAddress> doorbell_address;  // while KVM watches it
    std::optional<Virtqueue> queue;                // while the device runs
  };

  VirtioPciDevice(VmEvents& events, const GuestMemory& memory, std::unique_ptr<Device> device,
                  pci::Msix msix);
  struct WindowAccess {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };

  void add_capabilities();
  Result<void> watch(EventLoop& loop);
  Result<void> watch_server(EventLoop& loop, std::size_t index);

  void read_bar(std::uint64_t offset, std::span<std::byte> data) override;
  void write_bar(std::uint64_t offset, std::span<const std::byte> data) override;
  void before_config_read(std::uint64_t offset, std::size_t size) override;
  void after_config_write(std::uint64_t offset, std::size_t size) override;
  void bar_moved(std::optional<GuestAddress> start) override;

  std::optional<WindowAccess> window_access();
  void write_common(std::uint64_t offset, std::span<const std::byte> data);
  Result<void> start();
  Result<void> start_server();
  void reset();
  void stop_device();
  void ring(std::size_t index);
  void serve(std::size_t index);
  void interrupt(std::uint16_t vector, std::uint8_t isr_bit);
  void stop_for(const Error& error);
  void warn_of(const Result<void>& result);

  VmEvents& events_;
  const GuestMemory& memory_;
  std::unique_ptr<Device> device_;
  pci::Msix msix_;
  CommonRegisters registers_;
  std::vector<Queue> queues_;
  std::uint8_t isr_ = 0;
  std::size_t msix_capability_ = 0;    // offsets in the configuration space
  std::size_t window_capability_ = 0;  // VIRTIO_PCI_CAP_PCI_CFG
  RateLimitedLog log_;
};

}  // namespace immure::vmm::virtio
