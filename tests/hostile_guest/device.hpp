#pragma once

#include "tests/hostile_guest/queue.hpp"
#include "vmm/virtio/common_config_layout.hpp"
#include "vmm/virtio/device_ids.hpp"

namespace hostile {

namespace feature = immure::vmm::virtio::feature;
namespace status = immure::vmm::virtio::status;
using virtio::CommonConfig;
using virtio::DeviceType;

constexpr u8 is_acknowledged = status::acknowledge;
constexpr u8 has_driver = is_acknowledged | status::driver;
constexpr u8 has_features = has_driver | status::features_ok;
constexpr u8 is_driven = has_features | status::driver_ok;

/// A virtio device on PCI, as the VMM shows it (vmm/virtio/common_config_layout.hpp).
class Device {
 public:
  static constexpr unsigned max_queues = 8;

  /// False where there is none.
  bool find(unsigned slot);

  [[nodiscard]] DeviceType type() const { return type_; }
  [[nodiscard]] const char* name() const;
  /// Of its configuration space; and where its BAR was at first.
  [[nodiscard]] u64 function() const { return function_; }
  [[nodiscard]] u64 bar() const { return bar_; }
  [[nodiscard]] u16 queue_count() const { return queue_count_; }
  Queue& queue(unsigned index) { return queues_[index]; }
  /// Whether it takes what is made available there at once, rather than when it has something to say.
  [[nodiscard]] bool takes_at_once(unsigned index) const;

  /// Registers of the common configuration, by offsetof().
  template <typename T>
  [[nodiscard]] T get(u64 offset) const {
    return peek<T>(bar_ + virtio::bar::common + offset);
  }
  template <typename T>
  void set(u64 offset, T value) const {
    poke<T>(bar_ + virtio::bar::common + offset, value);
  }
  [[nodiscard]] u8 status() const { return get<u8>(offsetof(CommonConfig, device_status)); }
  void set_status(u8 value) const { set<u8>(offsetof(CommonConfig, device_status), value); }
  void select(u16 queue) const { set<u16>(offsetof(CommonConfig, queue_select), queue); }
  [[nodiscard]] u64 doorbell(unsigned queue) const {
    return bar_ + virtio::bar::notify + u64{queue} * virtio::bar::notify_multiplier;
  }
  /// Whether it says DEVICE_NEEDS_RESET, while `patience` lasts.
  [[nodiscard]] bool needs_reset() const;

  [[nodiscard]] u64 offered() const;
  void reset() const { set_status(0); }
  /// From reset to FEATURES_OK; whether it agrees.
  bool agree(u64 features) const;
  /// Queue by queue, in new memory, or with the addresses given.
  void set_up_queue(u16 index);
  void set_up_queue_at(u16 index, u64 descriptors, u64 available, u64 used) const;
  /// From reset to DRIVER_OK, with all that it offers but `without`, and all its queues.
  void start(u64 without = 0);

  /// Its PCI configuration as it was found, so that its registers are where they were.
  void restore() const;

 private:
  u64 function_ = 0;
  u64 bar_ = 0;
  DeviceType type_{};
  unsigned number_ = 0;  // among those of its type
  u16 queue_count_ = 0;
  Queue queues_[max_queues];
};

/// Those that were found, in the order of their slots.
struct Devices {
  Device all[16];
  unsigned count = 0;

  void find();
  Device* begin() { return all; }
  Device* end() { return all + count; }
  /// The `number`th of a type, from 0; the test gives the guest at least one of each.
  Device& of(DeviceType type, unsigned number = 0);
};
extern Devices devices;

/// The disks, as the test gives them: one whose requests are served one by one, one with io_uring, one that
/// is only read.
inline Device& plain_disk() { return devices.of(DeviceType::block, 0); }
inline Device& ring_disk() { return devices.of(DeviceType::block, 1); }
inline Device& fixed_disk() { return devices.of(DeviceType::block, 2); }

}  // namespace hostile
