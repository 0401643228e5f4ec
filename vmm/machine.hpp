#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "policy/vmm_record.hpp"
#include "vmm/boot/boot_request.hpp"
#include "vmm/devices/console_output.hpp"
#include "vmm/devices/ending.hpp"
#include "vmm/devices/io_bus.hpp"
#include "vmm/devices/ioapic.hpp"
#include "vmm/devices/panic_port.hpp"
#include "vmm/devices/power.hpp"
#include "vmm/devices/serial.hpp"
#include "vmm/devices/watchdog.hpp"
#include "vmm/event_loop.hpp"
#include "vmm/kvm/vcpu.hpp"
#include "vmm/kvm/vm.hpp"
#include "vmm/memory/guest_memory.hpp"
#include "vmm/pci/pci_root.hpp"
#include "vmm/virtio/balloon.hpp"
#include "vmm/virtio/device.hpp"

namespace immure::vmm {

/// The virtual machine: every part and how they are wired, from bottom to top. Parts hold references to those
/// above them in this list, so a machine never moves.
class Machine {
 public:
  /// Builds the hardware that `record` describes, on the fds of policy/fd_layout.hpp. Nothing is loaded yet.
  static Result<std::unique_ptr<Machine>> build(const policy::VmmRecord& record);

  /// Loads kernel, initrd, command line and ACPI tables, and sets the first vCPU at its entry.
  Result<void> load_images(const policy::VmmRecord& record);

  /// Runs the vCPU until it ends; then asks for the machine's end.
  void run_vcpu(std::uint32_t index);

  /// The io thread's work: serves the devices until shut_down(), then makes the disks durable.
  void run_io();

  /// At the machine's end, on the control thread: sends output that waits, and waits until the io thread is
  /// done. An Error: a disk's data may be lost.
  Result<void> shut_down();

  [[nodiscard]] std::uint32_t vcpu_count() const { return static_cast<std::uint32_t>(vcpus_.size()); }
  Ending& ending() { return ending_; }
  Power& power() { return power_; }
  Serial* serial() { return serial_.get(); }
  /// Null where the guest has none.
  Watchdog* watchdog() { return watchdog_.get(); }
  /// Null where the guest has none.
  virtio::Balloon* balloon() { return balloon_; }
  /// The limits of the device of this name ("disk root") from now on; false where there is none. On the
  /// control thread.
  bool change_limit(std::string_view device, const policy::RateLimit& limit);
  /// What all parts counted until now, but for a token. Takes no lock that a device may hold.
  [[nodiscard]] policy::StatisticsMessage statistics() const;

 private:
  Machine(GuestMemory memory, kvm::Vm vm, Ending ending, EventLoop io_loop);
  Result<void> add_serial();
  Result<void> add_pci(const policy::VmmRecord& record);
  Result<void> add_virtio(std::unique_ptr<virtio::Device> device);
  Result<void> add_watchdog(policy::WatchdogExpiry expiry);
  Result<void> add_vcpus(const kvm::Kvm& kvm, const policy::VmmRecord& record);

  GuestMemory memory_;
  kvm::Vm vm_;
  Ending ending_;
  EventLoop io_loop_;
  IoBus ports_;
  IoBus mmio_;
  Ioapic ioapic_{vm_};
  IoapicLine event_line_{ioapic_, layout::event_irq};
  Power power_{ending_, event_line_};
  PanicPort panic_port_{ending_};
  IoapicLine serial_line_{ioapic_, layout::serial_irq};
  ConsoleOutput console_output_;
  std::unique_ptr<Serial> serial_;
  std::unique_ptr<Watchdog> watchdog_;
  PciRoot pci_;
  virtio::Balloon* balloon_ = nullptr;  // in pci_
  struct Limited {
    std::string name;
    std::span<virtio::RateLimiter> limits;
  };
  std::vector<Limited> limited_;                // what in pci_ has limits; the same while the machine runs
  std::vector<const virtio::Device*> devices_;  // all in pci_
  std::vector<kvm::Vcpu> vcpus_;
  const std::uint64_t built_usec_ = monotonic_usec();
  std::atomic<std::uint64_t> running_usec_ = 0;
  std::mutex io_mutex_;
  std::condition_variable io_done_;
  std::optional<Result<void>> io_outcome_;
};

}  // namespace immure::vmm
