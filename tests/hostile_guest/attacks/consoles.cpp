// Output without end, by the serial port and the console, also while nobody reads it: the test stops the
// monitor when the attack begins, for a second or two.
#include "tests/hostile_guest/attacks/each_queue.hpp"
#include "vmm/machine_layout.hpp"

namespace hostile {

namespace {

namespace layout = immure::vmm::layout;

constexpr u32 piece = 64 * 1024;

Device& console() { return devices.of(DeviceType::console); }

u64 text(u32 bytes) {
  const auto text = take(bytes);
  fill(text, bytes, '#');
  return text;
}

void console_flood() {
  console().start();
  auto& transmit = console().queue(1);
  const auto what = text(piece);
  sleep(700'000);
  for (u16 i = 0; i < 64; ++i) transmit.offer_buffer(i, what, piece);
  transmit.notify();
  // What waits for a reader is the console alone.
  for (unsigned i = 0; i < 10; ++i) {
    expect_works(plain_disk());
    expect_works(devices.of(DeviceType::entropy));
  }
  expect(transmit.gives_back(64), "console does not send the rest once somebody reads");
  // All of memory in one chain, which nobody waits for.
  transmit.offer_buffer(0, 0, static_cast<u32>(memory_end()));
  transmit.notify();
  sleep(30'000);
  console().reset();
}

void serial_flood() {
  const auto* what = reinterpret_cast<const char*>(text(piece));
  sleep(700'000);
  // Three times what the monitor keeps; each byte is a VM exit.
  for (unsigned i = 0; i < 3; ++i) out_string(layout::serial_port, what, piece);
  expect_works(plain_disk());
}

/// No more than 64 bytes wait in it, whoever sends them: here the port itself.
void serial_loopback_without_a_reader() {
  constexpr u16 data = layout::serial_port;
  constexpr u16 modem_control = layout::serial_port + 4;
  constexpr u16 line_status = layout::serial_port + 5;
  out<u8>(layout::serial_port + 2, 0x03);  // the FIFO, emptied
  out<u8>(modem_control, 0x10);
  out_string(data, reinterpret_cast<const char*>(text(4096)), 4096);
  const auto status = in<u8>(line_status);
  unsigned count = 0;
  while (count < 200 && (in<u8>(line_status) & 1) != 0) {
    (void)in<u8>(data);
    ++count;
  }
  out<u8>(modem_control, 0);
  expect((status & 2) != 0, "the serial port does not tell of lost input");
  expect(count == 64, "the serial port held bytes: ", count);
}

void console_buffers_without_room() {
  console().start();
  console().queue(0).offer_buffer(0, take(16), 0, is_writable);
  console().queue(0).notify();
  expect_needs_reset(console(), "a receive buffer without room");
  console().start();
  console().queue(0).offer_buffer(0, take(16), 16);
  console().queue(0).notify();
  expect_needs_reset(console(), "a receive buffer that is only to be read");
  console().start();
  auto& transmit = console().queue(1);
  for (u16 i = 0; i < 32; ++i)
    transmit.offer_buffer(i, take(16), i % 2 == 0 ? 0 : 16, i % 2 == 0 ? 0 : is_writable);
  transmit.notify();
  expect(transmit.gives_back(32), "console does not give empty chains back");
  console().reset();
}

}  // namespace

std::span<const Attack> attacks_on_consoles() {
  static constexpr Attack attacks[] = {
      {"console-flood", console_flood},
      {"serial-flood", serial_flood},
      {"serial-loopback-without-a-reader", serial_loopback_without_a_reader},
      {"console-buffers-without-room", console_buffers_without_room},
  };
  return attacks;
}

}  // namespace hostile
