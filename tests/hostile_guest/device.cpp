#include "tests/hostile_guest/device.hpp"

#include "tests/hostile_guest/arena.hpp"
#include "tests/hostile_guest/cpus.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/pci/config_layout.hpp"

namespace hostile {

namespace pci = immure::vmm::pci;
namespace layout = immure::vmm::layout;

namespace {

constexpr u16 virtio_vendor = 0x1af4;
constexpr u16 first_device_id = 0x1040;
constexpr unsigned slots = 32;
constexpr u64 bytes_per_slot = 8 * 4096;  // eight functions

constexpr u64 command = offsetof(pci::ConfigHeader, command);
constexpr u64 bar0 = offsetof(pci::ConfigHeader, bars);

}  // namespace

constinit Devices devices;

bool Device::find(unsigned slot) {
  function_ = layout::ecam_start + slot * bytes_per_slot;
  if (peek<u16>(function_) != virtio_vendor) return false;
  type_ = static_cast<DeviceType>(peek<u16>(function_ + 2) - first_device_id);
  bar_ = peek<u32>(function_ + bar0);
  poke<u16>(function_ + command, pci::command_memory | pci::command_bus_master);
  queue_count_ = get<u16>(offsetof(CommonConfig, num_queues));
  for (const auto& device : devices)
    if (&device < this && device.type() == type_) ++number_;
  return true;
}

const char* Device::name() const {
  switch (type_) {
    case DeviceType::network:
      return "net";
    case DeviceType::block:
      return number_ == 0 ? "plain disk" : number_ == 1 ? "io_uring disk" : "read-only disk";
    case DeviceType::console:
      return "console";
    case DeviceType::entropy:
      return "rng";
    case DeviceType::balloon:
      return "balloon";
    case DeviceType::socket:
      return "vsock";
  }
  return "unknown device";
}

bool Device::takes_at_once(unsigned index) const {
  const bool waits_for_the_host = type_ == DeviceType::network || type_ == DeviceType::socket;
  return !waits_for_the_host || index == 1;
}

bool Device::needs_reset() const {
  for (const auto deadline = now() + patience; now() < deadline;)
    if ((status() & status::needs_reset) != 0) return true;
  return false;
}

u64 Device::offered() const {
  u64 features = 0;
  for (u32 half = 0; half < 2; ++half) {
    set<u32>(offsetof(CommonConfig, device_feature_select), half);
    features |= u64{get<u32>(offsetof(CommonConfig, device_feature))} << 32 * half;
  }
  return features;
}

bool Device::agree(u64 features) const {
  reset();
  set_status(is_acknowledged);
  set_status(has_driver);
  for (u32 half = 0; half < 2; ++half) {
    set<u32>(offsetof(CommonConfig, driver_feature_select), half);
    set<u32>(offsetof(CommonConfig, driver_feature), static_cast<u32>(features >> 32 * half));
  }
  set_status(has_features);
  return status() == has_features;
}

void Device::set_up_queue(u16 index) {
  select(index);
  auto& queue = queues_[index];
  queue.place(doorbell(index), index, get<u16>(offsetof(CommonConfig, queue_size)));
  set_up_queue_at(index, queue.descriptors(), queue.available(), queue.used());
}

void Device::set_up_queue_at(u16 index, u64 descriptors, u64 available, u64 used) const {
  select(index);
  set<u64>(offsetof(CommonConfig, queue_desc), descriptors);
  set<u64>(offsetof(CommonConfig, queue_driver), available);
  set<u64>(offsetof(CommonConfig, queue_device), used);
  set<u16>(offsetof(CommonConfig, queue_enable), 1);
}

void Device::start(u64 without) {
  (void)agree(offered() & ~without);
  for (u16 i = 0; i < queue_count_; ++i) set_up_queue(i);
  set_status(is_driven);
}

void Device::restore() const {
  poke<u32>(function_ + bar0, static_cast<u32>(bar_));
  poke<u16>(function_ + command, pci::command_memory | pci::command_bus_master);
  for (u64 at = peek<u8>(function_ + offsetof(pci::ConfigHeader, capabilities)); at != 0;
       at = peek<u8>(function_ + at + 1))
    if (peek<u8>(function_ + at) == static_cast<u8>(pci::CapabilityId::msix))
      poke<u16>(function_ + at + 2, 0);
}

void Devices::find() {
  for (unsigned slot = 1; slot < slots && count < 16; ++slot)
    if (all[count].find(slot)) ++count;
}

Device& Devices::of(DeviceType type, unsigned number) {
  for (auto& device : *this)
    if (device.type() == type && number-- == 0) return device;
  return all[0];
}

}  // namespace hostile
