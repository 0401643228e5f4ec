// Frames that are none, and a receive ring that is full for as long as the guest likes. The test sends the
// guest frames all the time.
#include "tests/hostile_guest/attacks/each_queue.hpp"

namespace hostile {

namespace {

constexpr u32 header_bytes = 12;
constexpr u32 room = 2048;

Device& net() { return devices.of(DeviceType::network); }

void frame_without_its_header() {
  for (const u32 length : {0U, 1U, header_bytes - 1}) {
    net().start();
    net().queue(1).offer_buffer(0, take(16), length);
    net().queue(1).notify();
    expect_needs_reset(net(), "a frame without its header");
  }
}

void frame_of_thirty_mebibytes() {
  net().start();
  auto& transmit = net().queue(1);
  u16 sent = 0;
  for (const u32 length : {0x1'0020U, 0x10'0000U, 0x1e0'0000U}) {
    transmit.offer_buffer(sent, 0x10'0000, length);
    transmit.notify();
    expect(transmit.gives_back(++sent), "net does not give a long frame back");
  }
  net().reset();
}

/// Segments, checksums and lengths that do not fit each other, for the host's kernel to refuse.
void frame_whose_header_lies() {
  Dice dice(3);
  net().start();
  auto& transmit = net().queue(1);
  const auto frame = take(1600);
  for (u16 i = 1; i <= 200; ++i) {
    for (u64 at = frame; at < frame + 64; ++at) poke<u8>(at, static_cast<u8>(dice.next()));
    if (dice.one_in(2)) poke<u8>(frame, static_cast<u8>(dice.below(4)));
    if (dice.one_in(2)) poke<u8>(frame + 1, static_cast<u8>(dice.pick({0, 1, 3, 4, 5, 0x80, 0x84})));
    transmit.offer_buffer(static_cast<u16>(i % 64), frame, static_cast<u32>(header_bytes + dice.below(1580)));
    transmit.notify();
    if (!transmit.gives_back(i)) expect(false, "net does not give a frame with a wrong header back");
  }
  net().reset();
}

/// Frames come, and there is no buffer; then there are some.
void receive_ring_full_and_then_not() {
  net().start();
  auto& receive = net().queue(0);
  sleep(1'500'000);
  for (u16 i = 0; i < 8; ++i) receive.offer_buffer(i, take(room), room, is_writable);
  receive.notify();
  expect(receive.gives_back(8), "net receives nothing more once its ring was empty");
  // One buffer at a time, for each frame anew.
  for (u16 i = 9; i < 24; ++i) {
    receive.offer_buffer(0, take(room), room, is_writable);
    receive.notify();
    expect(receive.gives_back(i), "net stops receiving");
  }
  net().reset();
}

void receive_buffer_without_room() {
  for (const u32 length : {0U, header_bytes - 1}) {
    net().start();
    net().queue(0).offer_buffer(0, take(16), length, is_writable);
    net().queue(0).notify();
    expect_needs_reset(net(), "a receive buffer without room for a header");
  }
  // Buffers that are never large enough, in a ring that is full of them, with and without merging.
  for (const u64 without : {u64{0}, u64{1} << 15}) {
    net().start(without);
    auto& receive = net().queue(0);
    const auto buffer = take(16);
    for (u16 i = 0; i < receive.size(); ++i) receive.offer_buffer(i, buffer, header_bytes + 1, is_writable);
    receive.notify();
    sleep(300'000);
    net().reset();
  }
  net().start();
  net().queue(0).offer_buffer(0, take(64), 64);  // to read from
  net().queue(0).notify();
  expect_needs_reset(net(), "a receive buffer that is only to be read");
}

}  // namespace

std::span<const Attack> attacks_on_nets() {
  static constexpr Attack attacks[] = {
      {"frame-without-its-header", frame_without_its_header},
      {"frame-of-thirty-mebibytes", frame_of_thirty_mebibytes},
      {"frame-whose-header-lies", frame_whose_header_lies},
      {"receive-ring-full-and-then-not", receive_ring_full_and_then_not},
      {"receive-buffer-without-room", receive_buffer_without_room},
  };
  return attacks;
}

}  // namespace hostile
