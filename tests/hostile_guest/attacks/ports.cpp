// Ports and addresses beside virtio: devices of our own, those of old machines, and nothing.
#include <initializer_list>

#include "tests/hostile_guest/attack.hpp"
#include "vmm/machine_layout.hpp"

namespace hostile {

namespace {

namespace layout = immure::vmm::layout;

bool is_ours(u32 port) {
  constexpr u16 starts[] = {layout::serial_port, layout::panic_port, layout::power_port,
                            layout::watchdog_port};
  for (const auto start : starts)
    if (port + 4 > start && port < start + 8U) return true;
  return false;
}

void old_device(u16 port) {
  for (unsigned i = 0; i < 16; ++i) out<u8>(port, static_cast<u8>(i * 37));
  out<u16>(port, 0x8e8e);
  out<u32>(port, 0x8e8e'8e8e);
  expect(in<u8>(port) == 0xff && in<u32>(port) == ~0U, "something answers at port ", port);
}

/// DMA, PICs, PIT, keyboard, CMOS, fast A20, IDE, VGA, floppy, COM2, PCI, ACPI: a floppy's FIFO takes
/// thousands.
void ports_of_old_devices() {
  const char bytes[512]{};
  for (unsigned i = 0; i < 16; ++i) out_string(0x3f5, bytes, sizeof(bytes));
  for (const auto port : std::initializer_list<u16>{
           0x00,  0x08,  0x0f,  0x20,  0x21,  0x40,  0x43,  0x60,   0x61,  0x64,  0x70,  0x71,   0x80,  0x81,
           0x92,  0xa0,  0xa1,  0xb2,  0xcf,  0x170, 0x1f0, 0x1f7,  0x2f8, 0x378, 0x3b0, 0x3c0,  0x3d4, 0x3f2,
           0x3f4, 0x3f5, 0x3f6, 0x402, 0x510, 0x511, 0x514, 0xb000, 0xcf8, 0xcf9, 0xcfc, 0x5658, 0xafe0})
    if (!is_ours(port)) old_device(port);
}

void ports_all_over() {
  for (u32 port = 0; port < 0x1'0000; port += 97) {
    if (is_ours(port)) continue;
    out<u32>(port, ~0U);
    expect(in<u16>(port) == 0xffff, "something answers at port ", port);
  }
  (void)in<u32>(0xffff);
  out<u32>(0xffff, 0);
}

/// Everything but the words that end the machine.
void power_and_panic_without_an_end() {
  for (u32 value = 0; value < 256; ++value) {
    const auto byte = static_cast<u8>(value);
    const bool is_off = (value & 0x20) != 0 && (value >> 2 & 7) == 5;
    if (!is_off) out<u8>(layout::power_port, byte);
    if (value != 1) out<u8>(layout::power_port + 2, byte);
    for (const auto offset : std::initializer_list<u16>{1, 3, 4, 7})
      out<u8>(layout::power_port + offset, byte);
    if ((value & 1) == 0) out<u8>(layout::panic_port, byte);
  }
  out<u32>(layout::power_port, 0x0101'0101);
  out<u32>(layout::power_port + 5, ~0U);  // over the end
  out<u16>(layout::panic_port, 0xffff);   // the same
  out<u32>(layout::panic_port - 1, ~0U);
  for (u16 offset = 0; offset < 8; ++offset) (void)in<u32>(layout::power_port + offset);
  expect(in<u8>(layout::panic_port) == 3, "the panic port knows other events");
}

void watchdog_registers() {
  constexpr u16 control = layout::watchdog_port;
  constexpr u16 timeout = layout::watchdog_port + 2;
  constexpr u16 remaining = layout::watchdog_port + 4;
  for (unsigned i = 0; i < 50; ++i) {
    out<u16>(timeout, i % 2 == 0 ? 0xffff : 60);
    out<u8>(control, 1);
    expect(in<u16>(remaining) <= in<u16>(timeout), "the watchdog has more time than it was given");
    out<u8>(control, 0xfe);
    out<u16>(timeout, 0);
    out<u32>(control, ~0U << 1);
    out<u32>(layout::watchdog_port + 6, ~0U);
    out<u8>(remaining, 0xff);
    (void)in<u32>(control);
  }
  out<u16>(timeout, 30);
  out<u8>(control, 0);
  expect(in<u8>(control) == 0 && in<u16>(timeout) == 30, "the watchdog does not stop");
}

/// All of a serial port but its data.
void serial_registers() {
  Dice dice(5);
  for (unsigned i = 0; i < 600; ++i) {
    const auto port = static_cast<u16>(layout::serial_port + 1 + dice.below(7));
    out<u8>(port, static_cast<u8>(dice.next()));
    (void)in<u8>(port);
    if (dice.one_in(8)) (void)in<u32>(port - 1U);
    if (dice.one_in(8)) out<u16>(port, static_cast<u16>(dice.next()));
  }
  for (const auto offset : std::initializer_list<u16>{1, 2, 3, 4}) out<u8>(layout::serial_port + offset, 0);
}

/// Lines that go up and down while the table that says where they lead changes. Messages to vectors that the
/// CPUs acknowledge: others would only stop this kernel.
void ioapic_at_random() {
  Dice dice(6);
  const auto select = layout::ioapic_start;
  const auto window = layout::ioapic_start + 0x10;
  for (unsigned i = 0; i < 300; ++i) {
    const auto index = static_cast<u32>(dice.below(256));
    const bool is_low = index >= 0x10 && index % 2 == 0;
    poke<u32>(select, index);
    const auto value = static_cast<u32>(dice.next());
    poke<u32>(window, is_low ? (value & ~0x7ffU) | 0x40 | (value & 0x3f) : value & 0x0300'0000);
    (void)peek<u32>(window);
    if (dice.one_in(3)) out<u8>(layout::serial_port + 1, static_cast<u8>(dice.below(4)));  // its line
    if (dice.one_in(3)) poke<u32>(layout::ioapic_start + 0x40, 0x40 + static_cast<u32>(dice.below(64)));
    const auto odd = layout::ioapic_start + dice.below(4090);
    if ((odd & 0xfff) > 0x14) {
      (void)peek<u64>(odd);
      poke<u16>(odd, static_cast<u16>(0x40 + dice.below(64)));
    }
  }
  for (u32 pin = 0; pin < layout::ioapic_pins; ++pin) {
    poke<u32>(select, 0x10 + 2 * pin);
    poke<u32>(window, 1 << 16);
  }
  out<u8>(layout::serial_port + 1, 0);
}

/// Where nothing is: behind memory, between the devices, and up to the end of 4 GiB; with each size.
void addresses_of_nobody() {
  const u64 places[] = {memory_end(), memory_end() + 0x1234, 0xa'0000,    0xbfff'fff8, 0xcff0'0000,
                        0xcfff'fff9,  0xd000'0000,           0xe010'0000, 0xfebf'fffd, 0xfec0'1000,
                        0xfed0'0000,  0xfedf'ffff,           0xfff0'0000, 0xffff'ffe0};
  for (const auto place : places) {
    for (u64 offset = 0; offset < 5; ++offset) {
      const auto address = place + offset;
      poke<u8>(address, 0);
      poke<u16>(address, 0);
      poke<u32>(address, 0);
      poke<u64>(address, 0);
      poke_16_bytes(address);
      peek_16_bytes(address);
      (void)peek<u32>(address);
    }
  }
  expect(peek<u64>(memory_end()) == ~u64{0}, "there is memory behind its end");
  expect(peek<u32>(0xd000'0000) == ~0U, "something answers where nothing is");
}

}  // namespace

std::span<const Attack> attacks_on_ports() {
  static constexpr Attack attacks[] = {
      {"ports-of-old-devices", ports_of_old_devices},
      {"ports-all-over", ports_all_over},
      {"power-and-panic-without-an-end", power_and_panic_without_an_end},
      {"watchdog-registers", watchdog_registers},
      {"serial-registers", serial_registers},
      {"ioapic-at-random", ioapic_at_random},
      {"addresses-of-nobody", addresses_of_nobody},
  };
  return attacks;
}

}  // namespace hostile
