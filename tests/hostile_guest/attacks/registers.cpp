// The common configuration, the device's own, and MSI-X: in the wrong order, with wrong numbers, sizes and
// places.
#include "tests/hostile_guest/attack.hpp"

namespace hostile {

namespace {

constexpr u64 queue_size = offsetof(CommonConfig, queue_size);
constexpr u64 queue_vector = offsetof(CommonConfig, queue_msix_vector);
constexpr u64 config_vector = offsetof(CommonConfig, config_msix_vector);
constexpr u64 queue_enable = offsetof(CommonConfig, queue_enable);
constexpr u64 addresses[] = {offsetof(CommonConfig, queue_desc), offsetof(CommonConfig, queue_driver),
                             offsetof(CommonConfig, queue_device)};

void queue_registers_after_driver_ok() {
  for (auto& device : devices) {
    for (const auto address : addresses) {
      device.start();
      device.select(0);
      const auto before = device.get<u64>(address);
      device.set<u64>(address, before + 4096);
      expect_needs_reset(device, "another address for a queue in use");
      expect(device.get<u64>(address) == before, device.name(), " took another address for a queue in use");
    }
    for (const u16 size : {u16{2}, u16{128}}) {
      device.start();
      device.select(0);
      device.set<u16>(queue_size, size);
      expect_needs_reset(device, "another size for a queue in use");
      expect(device.get<u16>(queue_size) == device.queue(0).size(), device.name(), " took another size");
    }
    device.start();
    device.select(0);
    device.set<u16>(queue_enable, 0);
    expect_needs_reset(device, "an attempt to switch off a queue in use");
    device.reset();
    clear_arena();
  }
}

void queue_registers_of_an_enabled_queue() {
  for (auto& device : devices) {
    (void)device.agree(device.offered());
    device.set_up_queue(0);
    device.set<u64>(addresses[0], arena_start);
    expect_needs_reset(device, "another address for an enabled queue");
    device.reset();
  }
}

void queue_size_that_no_queue_has() {
  for (auto& device : devices) {
    for (const u16 size : {u16{0}, u16{3}, u16{512}, u16{0x8000}, u16{0xffff}}) {
      (void)device.agree(device.offered());
      device.select(0);
      device.set<u16>(queue_size, size);
      expect_needs_reset(device, "a queue size that is none");
      device.reset();
    }
  }
}

void queue_select_out_of_range() {
  for (auto& device : devices) {
    for (const u16 queue : {device.queue_count(), u16{64}, u16{0x7fff}, u16{0xffff}}) {
      (void)device.agree(device.offered());
      device.select(queue);
      expect(device.get<u16>(queue_size) == 0, device.name(), " has a queue that it does not count");
      device.set<u16>(queue_vector, 0);
      device.set<u64>(addresses[0], arena_start);
      expect_needs_reset(device, "an address for a queue that is not there");
      device.reset();
    }
  }
}

void msix_vector_out_of_range() {
  for (auto& device : devices) {
    (void)device.agree(device.offered());
    for (const u16 vector : {static_cast<u16>(device.queue_count() + 1), u16{64}, u16{2047}, u16{0xfffe}}) {
      device.set<u16>(config_vector, vector);
      expect(device.get<u16>(config_vector) == virtio::no_vector, device.name(), " has a vector too many");
      device.select(0);
      device.set<u16>(queue_vector, vector);
      expect(device.get<u16>(queue_vector) == virtio::no_vector, device.name(), " has a vector too many");
    }
    const auto table = device.bar() + virtio::bar::msix_table;
    const auto pending = device.bar() + virtio::bar::msix_pending;
    for (u64 offset = (device.queue_count() + 1U) * 16; offset < 4096; offset += 252) {
      poke<u64>(table + offset / 8 * 8, ~u64{0});
      poke<u32>(table + offset / 4 * 4, ~0U);
      expect(peek<u64>(table + offset / 8 * 8) == ~u64{0}, device.name(),
             " has table entries beyond its last");
    }
    for (u64 offset = 0; offset < 4096; offset += 61) {
      (void)peek<u16>(table + offset);
      (void)peek<u32>(pending + offset);
      poke<u8>(table + offset, 0xff);
      poke<u64>(pending + offset, ~u64{0});
    }
    device.reset();
  }
}

void status_out_of_order() {
  constexpr u8 bad[][2] = {{0, status::driver},
                           {0, status::features_ok},
                           {0, status::driver_ok},
                           {0, is_driven},
                           {is_acknowledged, is_acknowledged | status::features_ok},
                           {has_driver, has_driver | status::driver_ok},
                           {has_driver, is_driven},
                           {has_driver, is_acknowledged},
                           {is_acknowledged, status::driver},
                           {is_acknowledged, is_acknowledged | 16},
                           {is_acknowledged, is_acknowledged | 32},
                           {is_acknowledged, 0xff}};
  for (auto& device : devices) {
    for (const auto& [from, to] : bad) {
      device.reset();
      if (from != 0) device.set_status(is_acknowledged);
      if (from == has_driver) device.set_status(has_driver);
      device.set_status(to);
      expect_needs_reset(device, "status bits out of order");
    }
    device.start();
    device.set_status(has_features);
    expect_needs_reset(device, "a status bit that was taken back");
    device.start();
    device.set_status(is_driven | status::failed);
    device.queue(0).notify();
    device.reset();
  }
}

void features_that_are_not_offered() {
  for (auto& device : devices) {
    const auto offered = device.offered();
    expect(!device.agree(offered | u64{1} << 50), device.name(), " agreed to what it does not offer");
    device.set_status(static_cast<u8>(device.status() | status::driver_ok));
    expect_needs_reset(device, "DRIVER_OK without FEATURES_OK");
    expect(!device.agree(offered & ~feature::version_1), device.name(), " agreed to a driver of another age");
    expect(device.agree(offered), device.name(), " does not agree to its own features");
    device.set<u32>(offsetof(CommonConfig, driver_feature), 0);
    expect_needs_reset(device, "features that changed after FEATURES_OK");
    device.reset();
    device.set<u32>(offsetof(CommonConfig, driver_feature), ~0U);
    expect_needs_reset(device, "features before ACKNOWLEDGE");
    device.reset();
  }
}

template <typename T>
void touch(u64 address) {
  (void)peek<T>(address);
  poke<T>(address, static_cast<T>(0x0101'0101'0101'0101));
}

/// Each size at each offset, also over the end of what is there.
void registers_of_odd_sizes() {
  for (auto& device : devices) {
    for (u64 offset = 0; offset < sizeof(CommonConfig) + 8; ++offset) {
      const auto address = device.bar() + virtio::bar::common + offset;
      touch<u8>(address);
      touch<u16>(address);
      touch<u32>(address);
      touch<u64>(address);
    }
    for (const u64 place :
         {virtio::bar::isr, virtio::bar::notify, virtio::bar::msix_pending, virtio::bar::size - 16})
      for (u64 offset = 0; offset < 16; offset += 3) {
        touch<u8>(device.bar() + place + offset);
        touch<u32>(device.bar() + place + offset);
        touch<u64>(device.bar() + place + offset);
        peek_16_bytes(device.bar() + place + offset);
        poke_16_bytes(device.bar() + place + offset);
      }
    device.reset();
    expect(device.status() == 0, device.name(), " is not reset");
  }
}

void device_configuration_past_its_end() {
  for (auto& device : devices) {
    const auto start = device.bar() + virtio::bar::device;
    u8 before[80];
    for (u64 i = 0; i < sizeof(before); ++i) before[i] = peek<u8>(start + i);
    for (u64 offset = 0; offset < sizeof(before); ++offset) {
      touch<u16>(start + offset);
      touch<u64>(start + offset);
    }
    for (u64 offset = 4096 - 8; offset < 4096; ++offset) touch<u64>(start + offset);
    for (u64 i = 0; i < sizeof(before); ++i)
      expect(peek<u8>(start + i) == before[i], device.name(), " had its configuration changed");
    expect(before[sizeof(before) - 1] == 0xff, device.name(), " has more configuration than it should");
    device.reset();
  }
}

void doorbells_of_nobody() {
  for (auto& device : devices) {
    device.reset();
    for (unsigned queue = 0; queue < 32; ++queue) {
      poke<u16>(device.doorbell(queue), static_cast<u16>(queue));
      poke<u8>(device.doorbell(queue) + 1, 1);
      poke<u32>(device.doorbell(queue), ~0U);
    }
    expect(device.status() == 0, device.name(), " changed its status for a doorbell");
  }
}

}  // namespace

std::span<const Attack> attacks_on_registers() {
  static constexpr Attack attacks[] = {
      {"queue-registers-after-driver-ok", queue_registers_after_driver_ok},
      {"queue-registers-of-an-enabled-queue", queue_registers_of_an_enabled_queue},
      {"queue-size-that-no-queue-has", queue_size_that_no_queue_has},
      {"queue-select-out-of-range", queue_select_out_of_range},
      {"msix-vector-out-of-range", msix_vector_out_of_range},
      {"status-out-of-order", status_out_of_order},
      {"features-that-are-not-offered", features_that_are_not_offered},
      {"registers-of-odd-sizes", registers_of_odd_sizes},
      {"device-configuration-past-its-end", device_configuration_past_its_end},
      {"doorbells-of-nobody", doorbells_of_nobody},
  };
  return attacks;
}

}  // namespace hostile
