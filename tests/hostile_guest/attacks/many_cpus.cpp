// What only several CPUs can do: change a request while the device looks at it, reset what works, and all at
// once.
#include "tests/hostile_guest/attacks/each_queue.hpp"
#include "vmm/pci/config_layout.hpp"
#include "vmm/virtio/block_layout.hpp"

namespace hostile {

namespace {

using virtio::BlockHeader;
using virtio::Descriptor;

constexpr u32 sector = virtio::sector_bytes;

// What the other CPUs work on.
volatile u64 target = 0;
Device* victim = nullptr;
constinit Dice dice_of[cpu_count] = {Dice(11), Dice(12), Dice(13), Dice(14)};

/// Waits a moment for an answer, which need not come.
void wait_a_moment(const Queue& queue, u16 count) {
  for (const auto end = now() + 10'000; queue.used_count() != count && now() < end;) {
  }
}

/// Reads that become writes and come to lie behind the end, again and again.
void header_changed_in_flight() {
  for (auto& disk : devices) {
    if (disk.type() != DeviceType::block) continue;
    disk.start();
    auto& queue = disk.queue(0);
    auto& header = take_object<BlockHeader>();
    const auto data = take(8 * sector);
    fill(data, 8 * sector, 'R');
    queue.describe(0, reinterpret_cast<u64>(&header), sizeof(header), has_next, 1);
    queue.describe(1, data, 8 * sector, has_next, 2);
    queue.describe(2, take(1), 1, is_writable);
    target = reinterpret_cast<u64>(&header);
    const Meanwhile others([](unsigned) {
      static u64 turn = 0;
      ++turn;
      poke<u32>(target, turn & 1);
      poke<u64>(target + 8, turn & 2 ? 24 : ~u64{0} - (turn & 0xff));
    });
    for (u16 i = 1; i <= 200; ++i) {
      queue.offer(0);
      queue.notify();
      if (!queue.gives_back(i)) expect(false, disk.name(), " does not answer a request that changes");
    }
  }
}

/// The buffer comes to lie outside of memory, grows and changes its direction while the chain is taken.
void descriptors_changed_in_flight() {
  for (auto& device : devices) {
    for (unsigned index = 0; index < device.queue_count(); ++index) {
      const auto buffer = take(4096);
      poke<u64>(arena_end - 64, buffer);
      for (unsigned round = 0; round < 12; ++round) {
        device.start();
        auto& queue = device.queue(index);
        target = queue.descriptors();
        const Meanwhile others([](unsigned cpu) {
          auto& dice = dice_of[cpu];
          const auto at = target + sizeof(Descriptor) * dice.below(4);
          if (dice.one_in(2))
            poke<u64>(at,
                      dice.one_in(2) ? peek<u64>(arena_end - 64) : memory_end() + (dice.next() & ~u64{7}));
          if (dice.one_in(2)) poke<u32>(at + 8, dice.pick({16U, 64U, 4096U, 0x400'0000U, ~0U}));
          if (dice.one_in(2)) poke<u16>(at + 12, static_cast<u16>(dice.below(8) & ~u64{is_indirect}));
          poke<u16>(at + 14, static_cast<u16>(dice.below(5)));
        });
        for (u16 i = 1; i < 8; ++i) {
          queue.offer(i % 4U);
          queue.notify();
          wait_a_moment(queue, i);
        }
        device.reset();
      }
    }
    expect(is_intact(), "memory outside of the buffers was written by ", device.name());
    clear_arena();
  }
}

/// Long reads are on their way when the device is reset, and other CPUs ring at all its doors: once the reset
/// is done nothing is written any more.
void reset_while_busy() {
  constexpr u32 length = 256 * 1024;
  for (auto& disk : devices) {
    if (disk.type() != DeviceType::block) continue;
    victim = &disk;
    const auto data = take(length);
    const Meanwhile others([](unsigned cpu) {
      poke<u16>(victim->doorbell(cpu % victim->queue_count()), static_cast<u16>(cpu));
      (void)victim->status();
    });
    for (unsigned round = 0; round < 12; ++round) {
      auto& header = take_object<BlockHeader>();
      const auto answer = take(1);
      disk.start();
      auto& queue = disk.queue(0);
      for (u16 i = 0; i < 24; i += 3) {
        queue.describe(i, reinterpret_cast<u64>(&header), sizeof(header), has_next, i + 1U);
        queue.describe(static_cast<u16>(i + 1), data, length, is_writable | has_next, i + 2U);
        queue.describe(static_cast<u16>(i + 2), answer, 1, is_writable);
        queue.offer(i);
      }
      queue.notify();
      sleep(round * 300);
      disk.reset();
      fill(data, length, 'p');
      const auto used = queue.used_count();
      sleep(3000);
      expect(is_filled_with(data, length, 'p') && queue.used_count() == used, disk.name(),
             " writes after it was reset");
    }
  }
}

/// Each CPU with the same registers of the same device: set it up, reset it, start it.
void registers_by_all_cpus() {
  fill(arena_start, arena_bytes, 0);
  for (auto& device : devices) {
    victim = &device;
    on_all_cpus([](unsigned cpu) {
      auto& dice = dice_of[cpu];
      for (unsigned i = 0; i < 120; ++i) {
        victim->set_status(
            dice.pick({u8{0}, is_acknowledged, has_driver, has_features, is_driven, is_driven}));
        victim->select(static_cast<u16>(dice.below(4)));
        victim->set<u32>(offsetof(CommonConfig, driver_feature_select), static_cast<u32>(dice.below(2)));
        victim->set<u32>(offsetof(CommonConfig, driver_feature), dice.one_in(2) ? 1 : 0);
        victim->set<u64>(offsetof(CommonConfig, queue_desc), arena_start + 4096 * dice.below(8));
        victim->set<u64>(offsetof(CommonConfig, queue_driver), arena_start + 4096 * dice.below(8));
        victim->set<u64>(offsetof(CommonConfig, queue_device), arena_start + 4096 * dice.below(8));
        victim->set<u16>(offsetof(CommonConfig, queue_enable), 1);
        poke<u16>(victim->doorbell(static_cast<unsigned>(dice.below(4))), 0);
      }
    });
    device.reset();
  }
}

/// The BAR is here and there, on and off, while the others write where it was.
void bar_moved_under_way() {
  for (auto& device : devices) {
    victim = &device;
    const Meanwhile others([](unsigned cpu) {
      poke<u16>(victim->doorbell(0), 0);
      victim->select(static_cast<u16>(cpu));
      (void)victim->get<u64>(offsetof(CommonConfig, queue_desc));
    });
    for (unsigned i = 0; i < 6; ++i) {
      poke<u32>(device.function() + offsetof(immure::vmm::pci::ConfigHeader, bars),
                0xc800'0000 + i % 2 * 0x8000);
      poke<u16>(device.function() + offsetof(immure::vmm::pci::ConfigHeader, command), i % 3 == 0 ? 0 : 6);
    }
    device.restore();
  }
}

/// All doorbells of all devices, which have nothing to do.
void doorbells_by_all_cpus() {
  for (auto& device : devices) device.start();
  on_all_cpus([](unsigned) {
    for (unsigned i = 0; i < 60; ++i)
      for (auto& device : devices)
        for (u16 queue = 0; queue < device.queue_count(); ++queue) poke<u16>(device.doorbell(queue), queue);
  });
  for (auto& device : devices) {
    expect(device.status() == is_driven, device.name(), " does not stand its doorbells");
    device.reset();
  }
}

}  // namespace

std::span<const Attack> attacks_by_many_cpus() {
  static constexpr Attack attacks[] = {
      {"header-changed-in-flight", header_changed_in_flight},
      {"descriptors-changed-in-flight", descriptors_changed_in_flight},
      {"reset-while-busy", reset_while_busy},
      {"registers-by-all-cpus", registers_by_all_cpus, true},
      {"bar-moved-under-way", bar_moved_under_way},
      {"doorbells-by-all-cpus", doorbells_by_all_cpus},
  };
  return attacks;
}

}  // namespace hostile
