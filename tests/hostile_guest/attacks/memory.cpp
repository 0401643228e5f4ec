// The balloon, which takes memory away, and entropy, which fills as much as it is given.
#include "tests/hostile_guest/attacks/each_queue.hpp"
#include "vmm/virtio/balloon_layout.hpp"

namespace hostile {

namespace {

constexpr u32 page = virtio::balloon_page_bytes;
constexpr u32 most_pages = virtio::max_balloon_pages;
constexpr u32 number_bytes = sizeof(virtio::BalloonStatistic);
// 5.5.2, of a driver that takes every feature
constexpr unsigned statistics_queue = 2, reporting_queue = 3;

Device& balloon() { return devices.of(DeviceType::balloon); }
Device& rng() { return devices.of(DeviceType::entropy); }

void balloon_lists_of_a_wrong_size() {
  for (const u32 bytes : {1U, 3U, 7U, (most_pages + 1) * 4, 0x100'0000U, 0x400'0000U}) {
    balloon().start();
    balloon().queue(0).offer_buffer(0, 0, bytes);
    balloon().queue(0).notify();
    expect_needs_reset(balloon(), "a list of a wrong size");
  }
  balloon().reset();
}

void balloon_pages_that_are_not_there() {
  const u32 last = static_cast<u32>(memory_end() / page);
  for (const u32 number : {last, last + 1, 0xc'0000U, 0xf'ec00U, 0x10'0000U, 0x8000'0000U, ~0U}) {
    balloon().start();
    auto& list = take_object<u32>();
    list = number;
    balloon().queue(0).offer_buffer(0, reinterpret_cast<u64>(&list), sizeof(list));
    balloon().queue(0).notify();
    expect_needs_reset(balloon(), "a page that is not there");
  }
  // The last one, and the one behind it, which is none.
  balloon().start();
  const auto list = take(8);
  poke<u32>(list, last);
  poke<u32>(list + 4, last + 1);
  balloon().queue(0).offer_buffer(0, list, 8);
  balloon().queue(0).notify();
  expect_needs_reset(balloon(), "pages that begin behind the last");
  balloon().reset();
}

/// Taken, used again at once, and given back more often than taken.
void balloon_churn() {
  constexpr u64 pages = 1024;
  const auto memory = take(pages * page, page);
  const auto list = take(pages * 4);
  for (u64 i = 0; i < pages; ++i) poke<u32>(list + 4 * i, static_cast<u32>(memory / page + i));
  balloon().start();
  for (u16 round = 1; round <= 40; ++round) {
    for (u64 i = 0; i < pages; i += 3) poke<u64>(memory + i * page, ~u64{0});
    balloon().queue(0).offer_buffer(0, list, pages * 4);
    balloon().queue(0).notify();
    if (!balloon().queue(0).gives_back(round)) expect(false, "the balloon does not take its pages");
    for (unsigned i = 0; i < 3; ++i) balloon().queue(1).offer_buffer(0, list, pages * 4);
    balloon().queue(1).notify();
    if (!balloon().queue(1).gives_back(static_cast<u16>(3 * round)))
      expect(false, "the balloon gives nothing back");
  }
  for (u64 i = 0; i < pages; ++i)
    expect(peek<u64>(memory + i * page) == 0, "a page that was given up has its old bytes");
  balloon().reset();
}

/// The device's own rings go while it reads them.
void balloon_of_its_own_rings() {
  const auto rings = take(4 * page, page);
  (void)balloon().agree(balloon().offered());
  balloon().set_up_queue_at(0, rings, rings + page, rings + 2 * page);
  balloon().set_status(is_driven);
  const auto list = rings + 3 * page;
  for (u32 i = 0; i < 4; ++i) poke<u32>(list + 4 * i, static_cast<u32>(rings / page) + i);
  *reinterpret_cast<virtio::Descriptor*>(rings) = {.address = list, .length = 16};
  poke<u16>(rings + page + virtio::ring_index, 1);
  barrier();
  poke<u16>(balloon().doorbell(0), 0);
  expect_needs_reset(balloon(), "the loss of its rings");
  expect(is_filled_with(rings + 3 * page, page, 0), "the balloon did not take its own pages");
  balloon().reset();
}

void balloon_statistics_of_a_wrong_size() {
  constexpr u32 most = virtio::max_balloon_statistics * number_bytes;
  for (const u32 bytes : {1U, number_bytes - 1, number_bytes + 1, most + number_bytes, 0x400'0000U}) {
    balloon().start();
    balloon().queue(statistics_queue).offer_buffer(0, 0, bytes);
    balloon().queue(statistics_queue).notify();
    expect_needs_reset(balloon(), "statistics of a wrong size");
  }
  balloon().reset();
}

/// The device keeps one buffer; a driver gives it many, of numbers and tags that mean nothing.
void balloon_statistics_again_and_again() {
  balloon().start();
  auto& queue = balloon().queue(statistics_queue);
  const auto numbers = take(4 * number_bytes);
  fill(numbers, 4 * number_bytes, 0xff);
  for (u16 i = 0; i < queue.size(); ++i) queue.offer_buffer(i, numbers, 4 * number_bytes);
  queue.notify();
  expect(queue.gives_back(static_cast<u16>(queue.size() - 1)), "the balloon keeps buffers of statistics");
  balloon().reset();
}

/// Free pages are reported as buffers: parts of pages are none.
void reported_parts_of_pages() {
  for (const u64 offset : {u64{0}, u64{8}}) {
    balloon().start();
    const auto memory = take(2 * page, page);
    balloon()
        .queue(reporting_queue)
        .offer_buffer(0, memory + offset, offset == 0 ? page - 1 : page, is_writable);
    balloon().queue(reporting_queue).notify();
    expect_needs_reset(balloon(), "a part of a page that is free");
  }
  balloon().reset();
}

/// Into memory that nobody needs: the low megabytes, all at once and one after the other.
void entropy_for_all_of_memory() {
  constexpr u32 most = 4096;  // vmm/virtio/rng.hpp
  rng().start();
  auto& queue = rng().queue(0);
  const auto buffer = take(most);
  queue.describe(0, buffer, most, is_writable | has_next, 1);
  queue.describe(1, 0, static_cast<u32>(memory_end()), is_writable);
  queue.offer(0);
  queue.notify();
  expect(queue.gives_back(1) && queue.last_written() == most, "rng gives more than it should");
  for (u16 i = 0; i < queue.size(); ++i) queue.offer_buffer(i, buffer, most, is_writable);
  queue.notify();
  expect(queue.gives_back(static_cast<u16>(1 + queue.size())), "rng stops");
  queue.offer_buffer(0, take(16), 16);  // to read from
  queue.notify();
  expect(queue.gives_back(static_cast<u16>(2 + queue.size())) && queue.last_written() == 0,
         "rng fills what is to be read");
  rng().reset();
}

}  // namespace

std::span<const Attack> attacks_on_memory() {
  static constexpr Attack attacks[] = {
      {"balloon-lists-of-a-wrong-size", balloon_lists_of_a_wrong_size},
      {"balloon-pages-that-are-not-there", balloon_pages_that_are_not_there},
      {"balloon-churn", balloon_churn},
      {"balloon-of-its-own-rings", balloon_of_its_own_rings},
      {"balloon-statistics-of-a-wrong-size", balloon_statistics_of_a_wrong_size},
      {"balloon-statistics-again-and-again", balloon_statistics_again_and_again},
      {"reported-parts-of-pages", reported_parts_of_pages},
      {"entropy-for-all-of-memory", entropy_for_all_of_memory},
  };
  return attacks;
}

}  // namespace hostile
