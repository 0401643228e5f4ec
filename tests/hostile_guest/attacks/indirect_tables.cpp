// Tables of descriptors that a descriptor points to.
#include "tests/hostile_guest/attacks/each_queue.hpp"

namespace hostile {

namespace {

constexpr u32 bytes_each = sizeof(virtio::Descriptor);

/// Fills in a table as Queue::describe() does the queue's own.
void describe_in(u64 table, unsigned slot, u64 address, u32 length, unsigned flags = 0, unsigned next = 0) {
  *reinterpret_cast<virtio::Descriptor*>(table + slot * bytes_each) = {
      .address = address, .length = length, .flags = static_cast<u16>(flags), .next = static_cast<u16>(next)};
}

/// One good descriptor in a table of this many bytes.
u64 table_of(u32 bytes) {
  const auto table = take(bytes < bytes_each ? bytes_each : bytes, 16);
  describe_in(table, 0, take(64), 64);
  return table;
}

void indirect_table_in_an_indirect_table() {
  on_each_queue([](Queue& queue) {
    const auto table = table_of(bytes_each);
    describe_in(table, 0, table, bytes_each, is_indirect);
    queue.offer_buffer(0, table, bytes_each, is_indirect);
  });
}

void indirect_table_of_an_odd_length() {
  for (const u32 length : {0U, 1U, bytes_each - 1, bytes_each + 8, ~0U})
    on_each_queue([length](Queue& queue) { queue.offer_buffer(0, table_of(64), length, is_indirect); });
}

void indirect_descriptor_with_a_next_one() {
  on_each_queue([](Queue& queue) {
    queue.describe(0, table_of(bytes_each), bytes_each, is_indirect | has_next, 1);
    queue.describe(1, take(64), 64);
    queue.offer(0);
  });
}

void indirect_table_longer_than_the_queue() {
  on_each_queue([](Queue& queue) {
    const auto count = queue.size() + 1U;
    const auto table = take(count * bytes_each, 16);
    const auto buffer = take(1);
    for (unsigned i = 0; i < count; ++i)
      describe_in(table, i, buffer, 1, i + 1 < count ? has_next : 0, i + 1);
    queue.offer_buffer(0, table, count * bytes_each, is_indirect);
  });
}

/// As large as memory: whoever copies it as a whole has to have room for that.
void indirect_table_of_sixty_four_mebibytes() {
  on_each_queue([](Queue& queue) {
    const auto table = take(bytes_each, 16);
    describe_in(table, 0, take(64), 64, has_next, 0);  // a circle of one
    queue.offer_buffer(0, table, 0x400'0000, is_indirect);
  });
}

void indirect_table_past_the_end_of_memory() {
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, memory_end() - 8, bytes_each, is_indirect); });
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, ~u64{0} - 7, bytes_each, is_indirect); });
  on_each_queue([](Queue& queue) {
    const auto table = table_of(2 * bytes_each);
    describe_in(table, 0, take(64), 64, has_next, 2);
    queue.offer_buffer(0, table, 2 * bytes_each, is_indirect);
  });
}

void indirect_table_without_the_feature() {
  on_each_queue([](Queue& queue) { queue.offer_buffer(0, table_of(bytes_each), bytes_each, is_indirect); },
                feature::indirect_descriptors);
}

}  // namespace

std::span<const Attack> attacks_on_indirect_tables() {
  static constexpr Attack attacks[] = {
      {"indirect-table-in-an-indirect-table", indirect_table_in_an_indirect_table},
      {"indirect-table-of-an-odd-length", indirect_table_of_an_odd_length},
      {"indirect-descriptor-with-a-next-one", indirect_descriptor_with_a_next_one},
      {"indirect-table-longer-than-the-queue", indirect_table_longer_than_the_queue},
      {"indirect-table-of-sixty-four-mebibytes", indirect_table_of_sixty_four_mebibytes},
      {"indirect-table-past-the-end-of-memory", indirect_table_past_the_end_of_memory},
      {"indirect-table-without-the-feature", indirect_table_without_the_feature},
  };
  return attacks;
}

}  // namespace hostile
