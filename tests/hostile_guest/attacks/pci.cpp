// Configuration space, BARs, and the window to the BAR through the configuration space.
#include "tests/hostile_guest/attack.hpp"
#include "vmm/machine_layout.hpp"
#include "vmm/pci/config_layout.hpp"

namespace hostile {

namespace {

namespace pci = immure::vmm::pci;
namespace layout = immure::vmm::layout;

constexpr u64 bar0 = offsetof(pci::ConfigHeader, bars);
constexpr u64 first_capability = offsetof(pci::ConfigHeader, capabilities);
constexpr u64 capability_header = 2;

u32 place_of(const Device& device) { return static_cast<u32>(device.bar()); }

/// Of VIRTIO_PCI_CAP_PCI_CFG; 0: there is none.
u64 window_of(const Device& device) {
  const auto function = device.function();
  for (u64 at = peek<u8>(function + first_capability); at != 0; at = peek<u8>(function + at + 1))
    if (peek<u8>(function + at) == static_cast<u8>(pci::CapabilityId::vendor_specific) &&
        peek<u8>(function + at + 3) == static_cast<u8>(virtio::VirtioCapability::pci_access))
      return function + at + capability_header;
  return 0;
}

void bar_where_something_else_is() {
  for (auto& device : devices) {
    const auto& other = device.function() == devices.all[0].function() ? devices.all[1] : devices.all[0];
    const u32 places[] = {0,
                          static_cast<u32>(arena_start),
                          static_cast<u32>(memory_end() - 0x8000),
                          static_cast<u32>(layout::ecam_start),
                          static_cast<u32>(layout::ioapic_start),
                          static_cast<u32>(layout::local_apic_start),
                          static_cast<u32>(layout::pci_window_start - 0x8000),
                          static_cast<u32>(layout::pci_window_start + layout::pci_window_size),
                          place_of(other)};
    poke<u64>(arena_start, 0x1122'3344'5566'7788);
    for (const auto place : places) {
      poke<u32>(device.function() + bar0, place);
      expect(peek<u64>(arena_start) == 0x1122'3344'5566'7788, device.name(), " lies over memory");
      expect(peek<u16>(devices.all[0].function()) == 0x1af4, device.name(),
             " lies over the configuration space");
      poke<u16>(other.doorbell(0), 0);
      (void)peek<u64>(place + 64);
    }
    poke<u32>(device.function() + bar0, ~0U);
    expect(peek<u32>(device.function() + bar0) == ~(virtio::bar::size - 1), device.name(),
           " has a BAR of another size");
    device.restore();
  }
}

void bar_at_the_end_of_its_window() {
  for (auto& device : devices) {
    const u64 last = layout::pci_window_start + layout::pci_window_size - virtio::bar::size;
    poke<u32>(device.function() + bar0, static_cast<u32>(last));
    expect(device.get<u32>(0) == ~0U, device.name(), " answers where its BAR was");
    poke<u8>(last + offsetof(CommonConfig, device_status), 0);
    expect(peek<u8>(last + offsetof(CommonConfig, device_status)) == 0, device.name(),
           " does not answer at its new place");
    (void)peek<u64>(last + virtio::bar::size - 4);  // over the end
    poke<u64>(last + virtio::bar::size - 4, ~u64{0});
    poke<u16>(device.function() + offsetof(pci::ConfigHeader, command), 0);
    expect(peek<u32>(last) == ~0U, device.name(), " answers though it is switched off");
    device.restore();
  }
}

void window_past_the_end_of_the_bar() {
  for (auto& device : devices) {
    const auto window = window_of(device);
    expect(window != 0, device.name(), " has no window");
    device.reset();
    const auto bar = window + offsetof(virtio::VirtioPciCapability, bar);
    const auto offset = window + offsetof(virtio::VirtioPciCapability, offset);
    const auto size = window + offsetof(virtio::VirtioPciCapability, size);
    const auto data = window + offsetof(virtio::VirtioPciCapability, extra);
    for (const u32 where : {0U, 1U, 0x7ffcU, 0x7fffU, 0x8000U, 0x7fff'ffffU, 0xffff'fffcU, ~0U}) {
      for (const u32 how_much : {0U, 1U, 2U, 3U, 4U, 8U, 0x8000'0000U, ~0U}) {
        poke<u32>(offset, where);
        poke<u32>(size, how_much);
        (void)peek<u32>(data);
        poke<u32>(data, 0);
      }
    }
    poke<u32>(offset, offsetof(CommonConfig, num_queues));
    poke<u32>(size, 2);
    for (unsigned other = 255; other > 0; other -= 51) {
      poke<u8>(bar, static_cast<u8>(other));
      (void)peek<u32>(data);
      poke<u32>(data, ~0U);
    }
    poke<u8>(bar, 0);
    expect(static_cast<u16>(peek<u32>(data)) == device.queue_count(), device.name(),
           " cannot be reached by its window");
  }
}

/// What a driver may not change stays; the rest may be anything, and is restored.
void configuration_space_at_random() {
  Dice dice(2);
  for (auto& device : devices) {
    const auto identity = peek<u64>(device.function());
    for (unsigned i = 0; i < 600; ++i) {
      const auto address = device.function() + dice.below(0x118);
      const auto value = dice.next();
      const auto size = dice.below(4);
      if (size == 0) poke<u8>(address, static_cast<u8>(value));
      if (size == 1) poke<u16>(address, static_cast<u16>(value));
      if (size == 2) poke<u32>(address, static_cast<u32>(value));
      if (size == 3) poke<u64>(address, value);
      (void)peek<u64>(address);
    }
    device.restore();
    expect(static_cast<u32>(peek<u64>(device.function())) == static_cast<u32>(identity), device.name(),
           " is another device");
  }
}

void configuration_space_of_nobody() {
  const auto end = layout::ecam_start + layout::ecam_size;
  for (u64 address = layout::ecam_start + 0x800; address < end; address += 0x1800 - 4) {
    (void)peek<u32>(address);
    poke<u64>(address, ~u64{0});
  }
  for (u64 offset = 1; offset < 8; ++offset) {
    // Over the end of a function, and of everything.
    (void)peek<u64>(devices.all[0].function() + 4096 - offset);
    poke<u64>(devices.all[0].function() + 4096 - offset, ~u64{0});
    (void)peek<u64>(end - offset);
    poke<u64>(end - offset, ~u64{0});
  }
  expect(peek<u32>(devices.all[0].function() + 4096) == ~0U, "there is a second function");
  expect(peek<u32>(end - 4096) == ~0U, "there is a device 31");
}

}  // namespace

std::span<const Attack> attacks_on_pci() {
  static constexpr Attack attacks[] = {
      {"bar-where-something-else-is", bar_where_something_else_is},
      {"bar-at-the-end-of-its-window", bar_at_the_end_of_its_window},
      {"window-past-the-end-of-the-bar", window_past_the_end_of_the_bar},
      {"configuration-space-at-random", configuration_space_at_random},
      {"configuration-space-of-nobody", configuration_space_of_nobody},
  };
  return attacks;
}

}  // namespace hostile
