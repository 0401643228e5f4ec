#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "vmm/virtio/balloon.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

constexpr std::uint16_t statistics = 2;
constexpr std::uint16_t reporting = 3;
constexpr std::uint64_t numbers = 0x40000;

enum Tag : std::uint16_t {
  swap_in,
  swap_out,
  major_faults,
  minor_faults,
  free_memory,
  total,
  available,
  caches,
  tag_to_come
};

struct Fixture {
  Fixture() { start(feature::balloon_statistics | feature::balloon_page_reporting); }

  void start(std::uint64_t features) {
    machine.enable_pci();
    machine.negotiate(features);
    for (std::uint16_t i = 0; i < 4; ++i) machine.enable_queue(i, queues.at(i));
    machine.set_status(15);
    machine.run();
  }
  void say(const std::vector<BalloonStatistic>& said) {
    const auto bytes = std::as_bytes(std::span(said));
    REQUIRE(machine.memory.write(GuestAddress{numbers}, bytes));
    say_bytes(static_cast<std::uint32_t>(bytes.size()));
  }
  void say_bytes(std::uint32_t size) {
    queues[statistics].add({readable(numbers, size)});
    machine.notify(statistics);
    machine.run();
  }
  /// What a report has now; with it the guest is asked anew.
  policy::GuestMemoryCounters ask() {
    policy::StatisticsMessage message;
    balloon->report(message);
    machine.run();
    return message.memory;
  }

  Balloon* balloon = nullptr;
  FakeMachine machine{[this](const GuestMemory& memory) {
                        auto made = FakeQueue::must(Balloon::create(memory));
                        balloon = made.get();
                        return made;
                      },
                      4 << 20};
  std::array<FakeQueue, 4> queues{
      FakeQueue(machine.memory, 0x10000, 64), FakeQueue(machine.memory, 0x18000, 64),
      FakeQueue(machine.memory, 0x20000, 64), FakeQueue(machine.memory, 0x28000, 64)};
};

constexpr int needs_reset = 15 | status::needs_reset;

}  // namespace

TEST_CASE_METHOD(Fixture, "what the guest says of its memory is told, and asked anew with each report",
                 "[balloon]") {
  CHECK(ask() == policy::GuestMemoryCounters{});
  // It was asked before it had a buffer: it gets its first one back at once.
  say({{free_memory, 100},
       {total, 400},
       {available, 300},
       {caches, 200},
       {swap_in, 1},
       {swap_out, 2},
       {major_faults, 3},
       {minor_faults, 4},
       {tag_to_come, 99}});
  CHECK(queues[statistics].used_index() == 1);
  say({{free_memory, 101}});
  CHECK(queues[statistics].used_index() == 1);
  const auto said = ask();
  CHECK(said.free_bytes == 101);
  CHECK(said.total_bytes == 400);
  CHECK(said.available_bytes == 300);
  CHECK(said.cache_bytes == 200);
  CHECK(said.swapped_in_bytes == 1);
  CHECK(said.swapped_out_bytes == 2);
  CHECK(said.major_faults == 3);
  CHECK(said.minor_faults == 4);
  CHECK(said.said_usec > 0);
  CHECK(queues[statistics].used_index() == 2);
  // Nothing new came: it is asked once only.
  CHECK(ask().free_bytes == 101);
  CHECK(queues[statistics].used_index() == 2);
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(Fixture, "the queue of reports comes behind that of statistics", "[balloon]") {
  put_text(machine.memory, 0x200000, "used");
  queues[reporting].add({writable(0x200000, 4096)});
  machine.notify(reporting);
  machine.run();
  CHECK(queues[reporting].used_index() == 1);
  CHECK(get_text(machine.memory, 0x200000, 4) == std::string(4, '\0'));
}

TEST_CASE_METHOD(Fixture, "after a reset nothing is left of what the guest said", "[balloon]") {
  say({{free_memory, 100}});
  machine.set_status(0);
  CHECK(ask() == policy::GuestMemoryCounters{});
  // Nor of the buffer that it said it in.
  queues[statistics] = FakeQueue(machine.memory, 0x30000, 64);
  start(feature::balloon_statistics);
  CHECK(ask() == policy::GuestMemoryCounters{});
  CHECK(queues[statistics].used_index() == 0);
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(Fixture, "hostile: a number beyond any that can be told is told as the largest",
                 "[balloon][hostile]") {
  say({{free_memory, ~std::uint64_t{0}}});
  policy::StatisticsMessage message;
  message.header = policy::header_of<policy::StatisticsMessage>();
  balloon->report(message);
  CHECK(message.memory.free_bytes == ~std::uint64_t{0} >> 1);
  CHECK(check(message));
}

TEST_CASE_METHOD(Fixture, "hostile: a second buffer brings the first one back", "[balloon][hostile]") {
  for (std::uint16_t i = 0; i < 200; ++i) {
    say({{free_memory, i}});
    CHECK(queues[statistics].used_index() == i);
  }
  CHECK(ask().free_bytes == 199);
}

TEST_CASE_METHOD(Fixture, "hostile: statistics of a wrong size", "[balloon][hostile]") {
  SECTION("a part of a number") { say_bytes(11); }
  SECTION("more than there are") { say_bytes((max_balloon_statistics + 1) * sizeof(BalloonStatistic)); }
  SECTION("a buffer outside memory") {
    queues[statistics].add({readable(0xffff'ffff'0000, 10)});
    machine.notify(statistics);
    machine.run();
  }
  CHECK(machine.status() == needs_reset);
}
