// What a driver does that means well.
#include "tests/hostile_guest/attack.hpp"
#include "vmm/virtio/block_layout.hpp"
#include "vmm/virtio/vsock_layout.hpp"

namespace hostile {

using virtio::BlockHeader;
using virtio::BlockRequest;
using virtio::BlockStatus;

namespace {

constexpr u32 sector = virtio::sector_bytes;
constexpr u64 scratch_sector = 16;
constexpr u32 page = 4096;
constexpr u32 frame_bytes = 12 + 60;  // the header of virtio, and a short frame of Ethernet

u8 ask(Device& disk, BlockRequest kind, u64 at, u64 data, u32 length, unsigned flags) {
  return ask_disk(disk, static_cast<u32>(kind), at, data, length, flags);
}

void expect_disk_works(Device& disk) {
  const auto sent = take(sector);
  const auto received = take(sector);
  constexpr auto good = static_cast<u8>(BlockStatus::ok);
  if (&disk != &fixed_disk()) {
    fill(sent, sector, static_cast<u8>((now() & 0x7f) + 1));
    expect(ask(disk, BlockRequest::out, scratch_sector, sent, sector, 0) == good, disk.name(),
           " does not write");
  } else {
    fill(sent, sector, '=');  // as the test made it
  }
  expect(ask(disk, BlockRequest::in, scratch_sector, received, sector, is_writable) == good, disk.name(),
         " does not read");
  expect(are_equal(sent, received, sector), disk.name(), " reads something else than was written");
}

void expect_rng_works(Device& rng) {
  const auto random = take(64);
  rng.queue(0).offer_buffer(0, random, 64, is_writable);
  rng.queue(0).notify();
  expect(rng.queue(0).gives_back(1) && rng.queue(0).last_written() == 64, "rng gives no bytes");
  expect(!is_filled_with(random, 64, 0), "rng gives zeros");
}

void expect_net_works(Device& net) {
  auto& transmit = net.queue(1);
  transmit.offer_buffer(0, take(frame_bytes), frame_bytes);
  transmit.notify();
  expect(transmit.gives_back(1), "net does not send");
}

void expect_console_works(Device& console) {
  auto& transmit = console.queue(1);
  const auto text = take(1);
  poke<u8>(text, '.');
  transmit.offer_buffer(0, text, 1);
  transmit.notify();
  expect(transmit.gives_back(1), "console does not send");
}

void expect_balloon_works(Device& balloon) {
  const auto given_up = take(page, page);
  auto& number = take_object<u32>();
  number = static_cast<u32>(given_up / page);
  poke<u64>(given_up, 1);
  for (unsigned i = 0; i < 2; ++i) {  // inflate, deflate
    balloon.queue(i).offer_buffer(0, reinterpret_cast<u64>(&number), sizeof(number));
    balloon.queue(i).notify();
    expect(balloon.queue(i).gives_back(1), "balloon takes no page");
  }
  expect(peek<u64>(given_up) == 0, "a page that was given up has its old bytes");
}

/// Nobody listens at port 1 of the host: the answer is a reset.
void expect_vsock_works(Device& vsock) {
  auto& answer = take_object<virtio::VsockHeader>();
  auto& request = take_object<virtio::VsockHeader>();
  request = {.source_cid = peek<u64>(vsock.bar() + virtio::bar::device),
             .destination_cid = virtio::vsock_host_cid,
             .source_port = 77,
             .destination_port = 1,
             .op = virtio::VsockPacketOp::request};
  vsock.queue(0).offer_buffer(0, reinterpret_cast<u64>(&answer), sizeof(answer), is_writable);
  vsock.queue(1).offer_buffer(0, reinterpret_cast<u64>(&request), sizeof(request));
  vsock.queue(1).notify();
  expect(vsock.queue(1).gives_back(1) && vsock.queue(0).gives_back(1), "vsock does not answer");
  expect(answer.op == virtio::VsockPacketOp::reset && answer.destination_port == 77,
         "vsock answers something else");
}

}  // namespace

u8 ask_disk(Device& disk, u32 kind, u64 at, u64 data, u32 length, unsigned data_flags) {
  auto& header = take_object<BlockHeader>();
  header = {.type = kind, .reserved = 0, .sector = at};
  auto& answer = take_object<u8>();
  answer = no_answer;
  auto& queue = disk.queue(0);
  const auto before = queue.used_count();
  queue.describe(0, reinterpret_cast<u64>(&header), sizeof(header), has_next, 1);
  queue.describe(1, data, length, data_flags | has_next, 2);
  queue.describe(2, reinterpret_cast<u64>(&answer), 1, is_writable);
  queue.offer(0);
  queue.notify();
  return queue.gives_back(static_cast<u16>(before + 1)) ? peek<u8>(reinterpret_cast<u64>(&answer))
                                                        : no_answer;
}

void expect_works(Device& device) {
  device.start();
  expect(device.status() == is_driven, device.name(), " does not start");
  switch (device.type()) {
    case DeviceType::block:
      expect_disk_works(device);
      break;
    case DeviceType::entropy:
      expect_rng_works(device);
      break;
    case DeviceType::network:
      expect_net_works(device);
      break;
    case DeviceType::console:
      expect_console_works(device);
      break;
    case DeviceType::balloon:
      expect_balloon_works(device);
      break;
    case DeviceType::socket:
      expect_vsock_works(device);
      break;
  }
  device.reset();
}

void wait_for_a_key() {
  auto& console = devices.of(DeviceType::console);
  console.start();
  console.queue(0).offer_buffer(0, take(1), 1, is_writable);
  console.queue(0).notify();
  for (unsigned tries = 0; tries < 3; ++tries)
    if (console.queue(0).gives_back(1)) break;
  console.reset();
}

void expect_all_work() {
  for (auto& device : devices) expect_works(device);
}

void expect_needs_reset(const Device& device, const char* after) {
  expect(device.needs_reset(), device.name(), " goes on after ", after);
}

}  // namespace hostile
