// Packets of sockets that nobody opened, and more of them than anybody reads answers to.
#include "tests/hostile_guest/attacks/each_queue.hpp"
#include "vmm/virtio/vsock_layout.hpp"

namespace hostile {

namespace {

using virtio::VsockHeader;
using virtio::VsockPacketOp;

Device& vsock() { return devices.of(DeviceType::socket); }

VsockHeader packet(VsockPacketOp op, u32 port) {
  return {.source_cid = peek<u64>(vsock().bar() + virtio::bar::device),
          .destination_cid = virtio::vsock_host_cid,
          .source_port = port,
          .destination_port = 1,
          .op = op,
          .buffer_size = 0xffff'ffff,
          .forwarded = 0x8000'0000};
}

u64 in_memory(const VsockHeader& header) {
  auto& copy = take_object<VsockHeader>();
  copy = header;
  return reinterpret_cast<u64>(&copy);
}

void packet_longer_than_its_buffers() {
  for (const u32 length : {1U, 0x1'0001U, 0x7fff'ffffU, ~0U - 43, ~0U}) {
    vsock().start();
    auto header = packet(VsockPacketOp::data, 5);
    header.length = length;
    vsock().queue(1).offer_buffer(0, in_memory(header), sizeof(header));
    vsock().queue(1).notify();
    expect_needs_reset(vsock(), "a packet longer than its buffers");
  }
  vsock().start();
  vsock().queue(1).offer_buffer(0, take(43), 43);
  vsock().queue(1).notify();
  expect_needs_reset(vsock(), "a part of a header");
}

/// Any operation, type and address; each packet is taken, whatever is answered.
void packets_of_no_connection() {
  vsock().start();
  Dice dice(4);
  auto& receive = vsock().queue(0);
  auto& transmit = vsock().queue(1);
  const auto answer = take(64);
  for (u16 i = 1; i <= 300; ++i) {
    auto header = packet(static_cast<VsockPacketOp>(dice.below(10)), static_cast<u32>(dice.below(4)));
    if (dice.one_in(4))
      header.destination_cid = dice.pick({u64{0}, u64{1}, u64{3}, u64{0xffff'ffff}, ~u64{0}});
    if (dice.one_in(4)) header.source_cid = dice.next();
    if (dice.one_in(4)) header.type = static_cast<u16>(dice.below(4));
    header.flags = static_cast<u32>(dice.next());
    if (receive.has_room()) receive.offer_in_turn(answer, 64, is_writable);
    receive.notify();
    transmit.offer_in_turn(in_memory(header), sizeof(header));
    transmit.notify();
    if (!transmit.gives_back(i)) expect(false, "vsock does not take a packet");
  }
  vsock().reset();
}

/// Far more than may be open, and no buffer for the answers: there is an end to what is taken. Then there are
/// buffers.
void connects_without_end() {
  vsock().start();
  auto& receive = vsock().queue(0);
  auto& transmit = vsock().queue(1);
  const auto answer = take(64);
  constexpr u16 all = 600;
  u16 sent = 0;
  const auto send_for = [&](u64 microseconds, bool takes_answers) {
    for (const auto deadline = now() + microseconds; transmit.used_count() < all && now() < deadline;) {
      while (sent < all && transmit.has_room()) {
        transmit.offer_in_turn(in_memory(packet(VsockPacketOp::request, 1000U + sent)), sizeof(VsockHeader));
        ++sent;
      }
      transmit.notify();
      while (takes_answers && receive.has_room()) receive.offer_in_turn(answer, 64, is_writable);
      receive.notify();
      sleep(2000);
    }
  };
  send_for(1'000'000, false);
  expect(transmit.used_count() < all, "vsock takes connects without end");
  send_for(15'000'000, true);
  expect(transmit.used_count() == all, "vsock stops: of ", all, " packets it took ", transmit.used_count());
  vsock().reset();
}

void answer_without_room() {
  for (const u32 length : {0U, 43U}) {
    vsock().start();
    vsock().queue(0).offer_buffer(0, take(64), length, is_writable);
    vsock().queue(0).notify();
    vsock().queue(1).offer_buffer(0, in_memory(packet(VsockPacketOp::credit_update, 9)), sizeof(VsockHeader));
    vsock().queue(1).notify();
    expect_needs_reset(vsock(), "a buffer without room for an answer");
  }
  vsock().reset();
}

}  // namespace

std::span<const Attack> attacks_on_vsock() {
  static constexpr Attack attacks[] = {
      {"packet-longer-than-its-buffers", packet_longer_than_its_buffers},
      {"packets-of-no-connection", packets_of_no_connection},
      {"connects-without-end", connects_without_end},
      {"answer-without-room", answer_without_room},
  };
  return attacks;
}

}  // namespace hostile
