// Requests of disks: to the wrong disk, place or memory.
#include "tests/hostile_guest/attacks/each_queue.hpp"
#include "vmm/virtio/block_layout.hpp"

namespace hostile {

namespace {

using virtio::BlockConfig;
using virtio::BlockHeader;
using virtio::BlockRange;
using virtio::BlockRequest;

constexpr u8 good = static_cast<u8>(virtio::BlockStatus::ok);
constexpr u8 failed = static_cast<u8>(virtio::BlockStatus::io_error);
constexpr u8 unsupported = static_cast<u8>(virtio::BlockStatus::unsupported);
constexpr u32 sector = virtio::sector_bytes;
constexpr u32 in = static_cast<u32>(BlockRequest::in);
constexpr u32 out = static_cast<u32>(BlockRequest::out);
constexpr u32 discard = static_cast<u32>(BlockRequest::discard);
constexpr u32 write_zeroes = static_cast<u32>(BlockRequest::write_zeroes);

template <typename Each>
void on_each_disk(Each each) {
  for (auto& device : devices) {
    if (device.type() != DeviceType::block) continue;
    device.start();
    each(device);
    device.reset();
  }
}

u64 capacity_of(const Device& disk) {
  return peek<u64>(disk.bar() + virtio::bar::device + offsetof(BlockConfig, capacity));
}

u8 ask_for_range(Device& disk, u32 kind, u64 at, u32 sectors, u32 flags) {
  auto& range = take_object<BlockRange>();
  range = {.sector = at, .sectors = sectors, .flags = flags};
  return ask_disk(disk, kind, 0, reinterpret_cast<u64>(&range), sizeof(range), 0);
}

void read_only_disk_written() {
  auto& disk = fixed_disk();
  disk.start();
  const auto data = take(8 * sector);
  fill(data, 8 * sector, 'W');
  for (const u64 at : {u64{0}, u64{16}, capacity_of(disk) - 8})
    expect(ask_disk(disk, out, at, data, 8 * sector, 0) == failed, "the read-only disk takes a write");
  for (const u32 kind : {discard, write_zeroes})
    for (const u32 flags : {0U, virtio::block_range_may_unmap})
      expect(ask_for_range(disk, kind, 0, 8, flags) != good, "the read-only disk gives space back");
  disk.start(u64{1} << 5);  // without the feature that says so
  expect(ask_disk(disk, out, 0, data, sector, 0) == failed,
         "the read-only disk takes a write of a driver that does not know");
  disk.reset();
}

void io_past_the_end_of_the_disk() {
  on_each_disk([](Device& disk) {
    const auto end = capacity_of(disk);
    const auto data = take(8 * sector);
    const u64 places[] = {end,         end - 7, end + 1, u64{1} << 31, u64{1} << 55, (u64{1} << 63) / sector,
                          ~u64{0} - 7, ~u64{0}};
    for (const auto at : places) {
      expect(ask_disk(disk, in, at, data, 8 * sector, is_writable) == failed, disk.name(),
             " reads past its end");
      expect(ask_disk(disk, out, at, data, 8 * sector, 0) == failed, disk.name(), " writes past its end");
      expect(ask_for_range(disk, discard, at, 8, 0) != good, disk.name(), " discards past its end");
      expect(ask_for_range(disk, write_zeroes, at, 8, 1) != good, disk.name(), " zeroes past its end");
    }
    expect(ask_for_range(disk, discard, 0, ~0U, 0) != good, disk.name(), " discards more than there is");
    expect(is_filled_with(data, 8 * sector, 0), disk.name(), " wrote where it read nothing");
  });
}

void requests_of_no_kind_and_no_size() {
  on_each_disk([](Device& disk) {
    const auto data = take(2 * sector);
    for (const u32 kind : {2U, 3U, 5U, 7U, 9U, 12U, 14U, 0x8000'0000U, ~0U})
      expect(ask_disk(disk, kind, 0, data, sector, is_writable) == unsupported, disk.name(),
             " knows what does not exist");
    for (const u32 odd : {1U, 511U, 513U})
      expect(ask_disk(disk, in, 0, data, odd, is_writable) == failed, disk.name(),
             " reads a part of a sector");
    // All of memory but a sector: more than a request may have.
    expect(ask_disk(disk, out, 0, 0, 0x3ff'fe00, 0) == failed, disk.name(), " takes a request of 64 MiB");
    expect(ask_disk(disk, in, 0, 0, 0x3ff'fe00, 0) == good, disk.name(),
           " minds bytes that a read does not need");
  });
}

void request_without_header_or_status() {
  on_each_disk([](Device& disk) {
    auto& queue = disk.queue(0);
    queue.offer_buffer(0, take(sizeof(BlockHeader) - 1), sizeof(BlockHeader) - 1);
    queue.notify();
    expect_needs_reset(disk, "a header that is too short");
    disk.start();
    queue.offer_buffer(0, take(sizeof(BlockHeader)), sizeof(BlockHeader));
    queue.notify();
    expect_needs_reset(disk, "a request without room for its status");
    disk.start();
    queue.offer_buffer(0, take(64), 64, is_writable);
    queue.notify();
    expect_needs_reset(disk, "a request that has nothing but room");
  });
}

/// What is read lands on the request's own header, on its descriptors and on the rings.
void request_that_overwrites_itself() {
  on_each_disk([](Device& disk) {
    const auto both = take(2 * sector);
    auto& queue = disk.queue(0);
    queue.describe(0, both, sizeof(BlockHeader), has_next, 1);
    queue.describe(1, both, sector + 1, is_writable);
    queue.offer(0);
    queue.notify();
    expect(queue.gives_back(1), disk.name(), " does not read over its header");
    for (unsigned which = 0; which < 3; ++which) {
      disk.start();
      const u64 own[] = {queue.descriptors(), queue.available(), queue.used()};
      auto& header = take_object<BlockHeader>();
      header = {.type = in, .reserved = 0, .sector = 0};
      queue.describe(0, reinterpret_cast<u64>(&header), sizeof(header), has_next, 1);
      queue.describe(1, own[which], sector, is_writable | has_next, 2);
      queue.describe(2, take(1), 1, is_writable);
      queue.offer(0);
      queue.notify();
      sleep(20'000);
    }
  });
}

/// The start of a disk that says of itself that it is a qcow2 image with another file behind it.
void bytes_that_look_like_another_format() {
  const auto before = capacity_of(plain_disk());
  auto& disk = plain_disk();
  disk.start();
  const auto data = take(sector);
  constexpr char image[] = "QFI\xfb\0\0\0\3\0\0\0\0\0\0\1\0\0\0\0\13\0\0\0\20\0\0\377\377\0\0\0\0";
  __builtin_memcpy(reinterpret_cast<void*>(data), image, sizeof(image));
  __builtin_memcpy(reinterpret_cast<void*>(data + 256), "/etc/shadow", 12);
  expect(ask_disk(disk, out, 0, data, sector, 0) == good, "the disk does not take these bytes");
  disk.start();
  const auto back = take(sector);
  expect(ask_disk(disk, in, 0, back, sector, is_writable) == good, "the disk does not give them back");
  expect(are_equal(data, back, sector), "they are others now");
  expect(capacity_of(disk) == before, "the disk has another size");
  disk.reset();
}

}  // namespace

std::span<const Attack> attacks_on_disks() {
  static constexpr Attack attacks[] = {
      {"read-only-disk-written", read_only_disk_written},
      {"io-past-the-end-of-the-disk", io_past_the_end_of_the_disk},
      {"requests-of-no-kind-and-no-size", requests_of_no_kind_and_no_size},
      {"request-without-header-or-status", request_without_header_or_status},
      {"request-that-overwrites-itself", request_that_overwrites_itself},
      {"bytes-that-look-like-another-format", bytes_that_look_like_another_format},
  };
  return attacks;
}

}  // namespace hostile
