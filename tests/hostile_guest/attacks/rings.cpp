// Descriptors and rings as no driver makes them, on each queue of each device.
#include "tests/hostile_guest/attacks/each_queue.hpp"

namespace hostile {

namespace {

constexpr u32 some_bytes = 64;

void head_outside_the_queue() {
  on_each_queue([](Queue& queue) { queue.offer(queue.size()); });
  on_each_queue([](Queue& queue) { queue.offer(0xffff); });
}

void available_index_too_far_ahead() {
  on_each_queue([](Queue& queue) { queue.set_available_index(static_cast<u16>(queue.size() + 1)); });
  on_each_queue([](Queue& queue) { queue.set_available_index(0xffff); });
}

void circular_chain() {
  on_each_queue([](Queue& queue) {
    const auto buffer = take(some_bytes);
    queue.describe(0, buffer, some_bytes, has_next, 1);
    queue.describe(1, buffer, some_bytes, has_next, 0);
    queue.offer(0);
  });
  on_each_queue([](Queue& queue) {
    queue.describe(0, take(some_bytes), some_bytes, has_next | is_writable, 0);
    queue.offer(0);
  });
}

void next_descriptor_outside_the_queue() {
  for (const u16 next : {u16{0}, u16{0x7fff}}) {
    on_each_queue([next](Queue& queue) {
      queue.describe(0, take(some_bytes), some_bytes, has_next, queue.size() + next);
      queue.offer(0);
    });
  }
}

void readable_buffer_after_a_writable_one() {
  on_each_queue([](Queue& queue) {
    queue.describe(0, take(some_bytes), some_bytes, has_next | is_writable, 1);
    queue.describe(1, take(some_bytes), some_bytes);
    queue.offer(0);
  });
}

void buffer_past_the_end_of_memory() {
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, memory_end() - 32, 33, is_writable); });
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, memory_end() - 32, 0xffff'ffff); });
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, 0xfec0'0000, 1, is_writable); });
}

void buffer_whose_address_and_length_overflow() {
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, ~u64{0} - 31, 64, is_writable); });
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, ~u64{0}, 1); });
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, ~u64{0} - 0xffff'fffe, 0xffff'ffff); });
}

/// All of memory again and again.
void chain_of_four_gibibytes() {
  on_each_queue([](Queue& queue) {
    for (u16 i = 0; i < queue.size(); ++i)
      queue.describe(i, 0, static_cast<u32>(memory_end()), i + 1 < queue.size() ? has_next : 0, i + 1);
    queue.offer(queue.size() < 64 ? queue.size() : 0);  // a short queue cannot hold so much
  });
}

/// Two at once: the first is still on its way when the second is looked at.
void head_in_flight_twice() {
  auto& disk = ring_disk();
  disk.start();
  auto& queue = disk.queue(0);
  queue.describe(0, take(16), 16, has_next, 1);  // zeros: a read of sector 0
  queue.describe(1, take(513), 513, is_writable);
  queue.offer(0);
  queue.offer(0);
  queue.notify();
  expect_needs_reset(disk, "a head that is in flight twice");
  disk.reset();
}

void rings_outside_of_memory() {
  for (auto& device : devices) {
    const u64 good = take(4096, 4096);
    const u64 bad[][3] = {{memory_end() - 16, good, good},  {good, memory_end() - 2, good},
                          {good, good, memory_end() - 4},   {~u64{0} - 15, good, good},
                          {good, ~u64{0} - 1, good},        {good, good, ~u64{0} - 3},
                          {good + 1, good, good},           {good, good + 1, good},
                          {good, good, good + 2},           {0xe000'0000, 0xe000'0000, 0xe000'0000},
                          {u64{1} << 32 | good, good, good}};
    for (const auto& rings : bad) {
      (void)device.agree(device.offered());
      device.set_up_queue_at(0, rings[0], rings[1], rings[2]);
      device.set_status(is_driven);
      expect_needs_reset(device, "rings outside of memory or not aligned");
      device.reset();
    }
  }
}

/// The device writes over what it is about to read: no matter what comes of it.
void rings_on_top_of_each_other() {
  for (auto& device : devices) {
    for (u16 index = 0; index < device.queue_count(); ++index) {
      const u64 all = take(0x2000, 4096);
      (void)device.agree(device.offered());
      for (u64 at = all; at < all + 0x800; at += 2) poke<u16>(at, 1);
      device.set_up_queue_at(index, all, all, all);
      device.set_status(is_driven);
      poke<u16>(device.doorbell(index), index);
      sleep(1000);
      device.reset();
    }
  }
}

}  // namespace

std::span<const Attack> attacks_on_rings() {
  static constexpr Attack attacks[] = {
      {"head-outside-the-queue", head_outside_the_queue},
      {"available-index-too-far-ahead", available_index_too_far_ahead},
      {"circular-chain", circular_chain},
      {"next-descriptor-outside-the-queue", next_descriptor_outside_the_queue},
      {"readable-buffer-after-a-writable-one", readable_buffer_after_a_writable_one},
      {"buffer-past-the-end-of-memory", buffer_past_the_end_of_memory},
      {"buffer-whose-address-and-length-overflow", buffer_whose_address_and_length_overflow},
      {"chain-of-four-gibibytes", chain_of_four_gibibytes},
      {"head-in-flight-twice", head_in_flight_twice},
      {"rings-outside-of-memory", rings_outside_of_memory},
      {"rings-on-top-of-each-other", rings_on_top_of_each_other},
  };
  return attacks;
}

}  // namespace hostile
