// Anything, anywhere, from all CPUs at once; the same at each run, as far as CPUs keep step. Addresses lie in
// the arena or outside of memory, whichever halves of them meet: a device shall be told to write anywhere but
// over this kernel.
#include "tests/hostile_guest/attack.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/pci/config_layout.hpp"

namespace hostile {

namespace {

namespace layout = immure::vmm::layout;

constexpr unsigned rounds = 700;
/// Places of rings, a page each: descriptors here are now and then what a queue has, and so are indices.
constexpr u64 places = 16;

u64 place(Dice& dice) { return arena_start + 4096 * dice.below(places); }

u64 buffer(Dice& dice) {
  if (dice.one_in(4)) return memory_end() + (dice.next() & 0xffff'ffff'ffff'fff0);
  return arena_start + dice.below(arena_bytes / 2) / 16 * 16;
}

/// From the first half of the arena none of these ends behind its second half but inside memory.
u32 length(Dice& dice) {
  return dice.pick(
      {0U, 1U, 12U, 16U, 44U, 512U, 513U, 1536U, 4096U, 0x1'0000U, 0x10'0000U, 0x400'0000U, ~0U});
}

/// Of an index: as the middle of an address it leads to low memory or nowhere.
u16 index(Dice& dice) {
  return static_cast<u16>(dice.one_in(4) ? 0x8000 + dice.below(0x8000) : dice.below(0x80));
}

void write_ring(Dice& dice) {
  const auto at = place(dice) + dice.below(64) * 16;
  poke<u64>(at, buffer(dice));
  poke<u32>(at + 8, length(dice));
  poke<u16>(at + 12, static_cast<u16>(dice.below(8)));
  poke<u16>(at + 14, index(dice));
}

void write_index(Dice& dice) { poke<u16>(place(dice) + 2 * dice.below(8), index(dice)); }

void write_header(Dice& dice) {
  const auto at = buffer(dice);
  if (at >= arena_end) return;
  poke<u64>(at, dice.below(16));
  poke<u64>(at + 8, dice.one_in(2) ? dice.below(64) : ~u64{0} - dice.below(64));
}

void write_registers(const Device& device, Dice& dice) {
  switch (dice.below(6)) {
    case 0:
      return device.set_status(
          dice.pick({u8{0}, is_acknowledged, has_driver, has_features, is_driven, u8{0x80}, u8{0x40}}));
    case 1:
      return device.select(static_cast<u16>(dice.below(10)));
    case 2:
      return device.set<u16>(offsetof(CommonConfig, queue_size), static_cast<u16>(1U << dice.below(10)));
    case 3:
      return device.set<u64>(offsetof(CommonConfig, queue_desc) + 8 * dice.below(3), place(dice));
    case 4:
      return device.set<u32>(offsetof(CommonConfig, queue_desc) + 4 + 8 * dice.below(3),
                             static_cast<u32>(dice.below(2)));
    default:
      return device.set<u16>(offsetof(CommonConfig, queue_msix_vector), static_cast<u16>(dice.below(8)));
  }
}

/// As a driver would do it, but for the places.
void start(const Device& device, Dice& dice) {
  (void)device.agree(device.offered() & ~(dice.one_in(4) ? dice.next() & 0xffff'ffff : 0));
  for (u16 queue = 0; queue < device.queue_count(); ++queue)
    device.set_up_queue_at(queue, place(dice), place(dice), place(dice));
  device.set_status(is_driven);
}

void touch_anything(const Device& device, Dice& dice) {
  const auto address = device.bar() + dice.below(virtio::bar::size);
  const bool is_queue_address = address - device.bar() - 32 < 24;
  switch (dice.below(4)) {
    case 0:
      return poke<u8>(address, static_cast<u8>(dice.next()));
    case 1:
      return poke<u16>(address, static_cast<u16>(dice.next()));
    case 2:
      (void)peek<u64>(address);
      return;
    default:
      if (!is_queue_address && address - device.bar() < virtio::bar::msix_table)
        poke<u32>(address, static_cast<u32>(dice.next()));
  }
}

/// Rarely: for each of these the host's kernel waits for all CPUs of the guest.
void reroute(const Device& device, Dice& dice) {
  const auto entry = device.bar() + virtio::bar::msix_table + 16 * dice.below(6);
  poke<u64>(entry, layout::local_apic_start | dice.below(cpu_count) << 12);
  poke<u32>(entry + 8, static_cast<u32>(0x40 + dice.below(64)));  // a vector that the CPUs acknowledge
  poke<u32>(entry + 12, static_cast<u32>(dice.below(2)));
  const auto function = device.function();
  for (u64 at = peek<u8>(function + 0x34); at != 0; at = peek<u8>(function + at + 1))
    if (peek<u8>(function + at) == static_cast<u8>(immure::vmm::pci::CapabilityId::msix))
      poke<u16>(function + at + 2, dice.one_in(3) ? 0 : 0x8000);
  if (dice.one_in(4)) poke<u32>(function + 0x10, static_cast<u32>(0xc000'0000 + 0x8000 * dice.below(12)));
  if (dice.one_in(4)) device.restore();
}

void act(Dice& dice) {
  const auto& device = devices.all[dice.below(devices.count)];
  switch (dice.below(12)) {
    case 0:
      return start(device, dice);
    case 1:
    case 2:
    case 3:
      return write_ring(dice);
    case 4:
      return write_index(dice);
    case 5:
      return write_header(dice);
    case 6:
    case 7:
    case 8:
      return poke<u16>(device.doorbell(static_cast<unsigned>(dice.below(5))),
                       static_cast<u16>(dice.below(5)));
    case 9:
      return write_registers(device, dice);
    case 10:
      return touch_anything(device, dice);
    default:
      if (dice.one_in(8)) return reroute(device, dice);
      poke<u32>(device.function() + 0x40 + 4 * dice.below(48), static_cast<u32>(dice.below(0x8000)));
  }
}

template <u64 seed>
void anything_by_all_cpus() {
  fill(arena_start, arena_bytes, 0);
  on_all_cpus([](unsigned cpu) {
    Dice dice(seed + cpu);
    for (unsigned i = 0; i < rounds; ++i) act(dice);
  });
  for (const auto& device : devices) {
    device.restore();
    device.reset();
    expect(device.status() == 0, device.name(), " is not reset after all that");
  }
}

}  // namespace

std::span<const Attack> attacks_at_random() {
  static constexpr Attack attacks[] = {
      {"anything-by-all-cpus-1", anything_by_all_cpus<100>, true},
      {"anything-by-all-cpus-2", anything_by_all_cpus<200>, true},
      {"anything-by-all-cpus-3", anything_by_all_cpus<300>, true},
  };
  return attacks;
}

}  // namespace hostile
