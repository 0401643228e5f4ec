#include "vmm/virtio/virtqueue.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/fake_queue.hpp"
#include "vmm/virtio/device_ids.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

constexpr std::uint64_t memory_size = 1 << 20;
constexpr std::uint64_t ring_base = 0x10000;
constexpr std::uint64_t data = 0x40000;

struct Fixture {
  GuestMemory memory = FakeQueue::must(GuestMemory::create(memory_size));
  FakeQueue driver{memory, ring_base, 8};
  DescriptorChain chain;

  Virtqueue make(std::uint64_t features = feature::common) {
    return FakeQueue::must(Virtqueue::create(memory, driver.setup(), features));
  }
};

std::string message_of(const Result<bool>& result) { return result ? "no error" : result.error().message; }

}  // namespace

TEST_CASE_METHOD(Fixture, "a chain is taken whole, with its readable and writable bytes", "[virtqueue]") {
  put_text(memory, data, "hello ");
  put_text(memory, data + 0x1000, "world");
  auto queue = make();
  const auto head = driver.add({readable(data, 6), readable(data + 0x1000, 5), writable(data + 0x2000, 4),
                                writable(data + 0x3000, 4)});

  REQUIRE(FakeQueue::must(queue.pop(chain)));
  CHECK(chain.head() == head);
  REQUIRE(chain.readable().size() == 11);
  REQUIRE(chain.writable().size() == 8);
  std::string text(7, ' ');
  REQUIRE(chain.readable().read(3, std::as_writable_bytes(std::span(text))));
  CHECK(text == "lo worl");
  REQUIRE(chain.writable().write(2, std::as_bytes(std::span(std::string_view("wxyz")))));
  CHECK(get_text(memory, data + 0x2002, 2) == "wx");
  CHECK(get_text(memory, data + 0x3000, 2) == "yz");
  CHECK_FALSE(FakeQueue::must(queue.pop(chain)));
}

TEST_CASE_METHOD(Fixture, "a chain gives the pieces of a range to a system call", "[virtqueue]") {
  auto queue = make();
  driver.add({writable(data, 10), writable(data + 0x1000, 0), writable(data + 0x2000, 10)});
  REQUIRE(FakeQueue::must(queue.pop(chain)));
  IoVectors storage{};
  const auto slices = FakeQueue::must(chain.writable().io_slices(4, 12, GuestAccess::device_writes, storage));
  REQUIRE(slices.size() == 2);
  CHECK(slices[0].iov_len == 6);
  CHECK(slices[1].iov_len == 6);
  CHECK_FALSE(chain.writable().io_slices(4, 17, GuestAccess::device_writes, storage));
  CHECK_FALSE(chain.writable().io_slices(~0ULL, 2, GuestAccess::device_writes, storage));
}

TEST_CASE_METHOD(Fixture, "what was served is found in the used ring", "[virtqueue]") {
  auto queue = make();
  for (std::uint16_t i = 0; i < 20; ++i) {
    const auto head = driver.add({writable(data, 16)});
    REQUIRE(FakeQueue::must(queue.pop(chain)));
    REQUIRE(queue.push_used(chain, i));
    REQUIRE(driver.used_index() == i + 1);
    CHECK(driver.used(i).head == head);
    CHECK(driver.used(i).written == i);
  }
}

TEST_CASE_METHOD(Fixture, "an indirect table is followed", "[virtqueue]") {
  auto queue = make();
  constexpr std::uint64_t table = 0x30000;
  driver.write_chain(table, 0, {readable(data, 3), writable(data + 0x100, 5)});
  driver.add({{table, 32, descriptor_is_indirect}});
  REQUIRE(FakeQueue::must(queue.pop(chain)));
  CHECK(chain.readable().size() == 3);
  CHECK(chain.writable().size() == 5);
}

TEST_CASE_METHOD(Fixture, "a queue is refused where its rings do not fit into memory", "[virtqueue]") {
  const auto refused = [&](auto change) {
    auto setup = driver.setup();
    change(setup);
    return !Virtqueue::create(memory, setup, feature::common);
  };
  CHECK(refused([](QueueSetup& setup) { setup.size = 0; }));
  CHECK(refused([](QueueSetup& setup) { setup.size = 3; }));
  CHECK(refused([](QueueSetup& setup) { setup.size = 512; }));
  CHECK(refused([](QueueSetup& setup) { setup.descriptors = GuestAddress{memory_size - 16}; }));
  CHECK(refused([](QueueSetup& setup) { setup.descriptors = GuestAddress{~0ULL - 15}; }));
  CHECK(refused([](QueueSetup& setup) { setup.descriptors = setup.descriptors + 8; }));
  CHECK(refused([](QueueSetup& setup) { setup.available = setup.available + 1; }));
  CHECK(refused([](QueueSetup& setup) { setup.available = GuestAddress{memory_size - 20}; }));
  CHECK(refused([](QueueSetup& setup) { setup.used = setup.used + 2; }));
  CHECK(refused([](QueueSetup& setup) { setup.used = GuestAddress{memory_size - 68}; }));
}

TEST_CASE_METHOD(Fixture, "the driver is interrupted when the used index passes its event", "[virtqueue]") {
  auto queue = make();
  const auto serve = [&](int count) {
    for (int i = 0; i < count; ++i) {
      driver.add({writable(data, 16)});
      REQUIRE(FakeQueue::must(queue.pop(chain)));
      REQUIRE(queue.push_used(chain, 0));
    }
  };
  driver.set_used_event(2);
  serve(2);
  CHECK_FALSE(FakeQueue::must(queue.take_interrupt()));
  serve(1);
  CHECK(FakeQueue::must(queue.take_interrupt()));
  CHECK_FALSE(FakeQueue::must(queue.take_interrupt()));
  serve(3);
  CHECK_FALSE(FakeQueue::must(queue.take_interrupt()));
}

TEST_CASE_METHOD(Fixture, "without event indices the driver's flag decides on interrupts", "[virtqueue]") {
  auto queue = make(feature::version_1);
  driver.add({writable(data, 16)});
  REQUIRE(FakeQueue::must(queue.pop(chain)));
  REQUIRE(queue.push_used(chain, 0));
  CHECK(FakeQueue::must(queue.take_interrupt()));

  driver.set_available_flags(available_no_interrupt);
  driver.add({writable(data, 16)});
  REQUIRE(FakeQueue::must(queue.pop(chain)));
  REQUIRE(queue.push_used(chain, 0));
  CHECK_FALSE(FakeQueue::must(queue.take_interrupt()));
}

TEST_CASE_METHOD(Fixture, "notifications are asked for at the first chain that was not seen", "[virtqueue]") {
  SECTION("by event index") {
    auto queue = make();
    driver.add({writable(data, 16)});
    REQUIRE(queue.suppress_notifications());
    REQUIRE(FakeQueue::must(queue.pop(chain)));
    CHECK_FALSE(FakeQueue::must(queue.request_notifications()));
    CHECK(driver.available_event() == 1);
    driver.add({writable(data, 16)});
    CHECK(FakeQueue::must(queue.request_notifications()));
  }
  SECTION("by flag") {
    auto queue = make(feature::version_1);
    REQUIRE(queue.suppress_notifications());
    CHECK(driver.used_flags() == used_no_notify);
    REQUIRE(queue.request_notifications());
    CHECK(driver.used_flags() == 0);
  }
}

// The mistakes of other VMMs, one by one: what a hostile driver may do must end in an Error.

TEST_CASE_METHOD(Fixture, "hostile: a buffer that crosses the end of memory", "[virtqueue][hostile]") {
  auto queue = make();
  driver.add({writable(memory_size - 8, 9)});
  CHECK_FALSE(queue.pop(chain));
}

TEST_CASE_METHOD(Fixture, "hostile: a buffer whose address and length overflow", "[virtqueue][hostile]") {
  auto queue = make();
  driver.add({readable(~0ULL - 7, 16)});
  CHECK_FALSE(queue.pop(chain));
}

TEST_CASE_METHOD(Fixture, "hostile: a head index outside the queue", "[virtqueue][hostile]") {
  auto queue = make();
  driver.make_available(8);
  CHECK(message_of(queue.pop(chain)) == "head index outside the queue");
}

TEST_CASE_METHOD(Fixture, "hostile: a next index outside the table", "[virtqueue][hostile]") {
  auto queue = make();
  driver.write_descriptor(0, {.address = data, .length = 1, .flags = descriptor_has_next, .next = 8});
  driver.make_available(0);
  CHECK(message_of(queue.pop(chain)) == "descriptor index outside its table");
}

TEST_CASE_METHOD(Fixture, "hostile: a head made available again while it is in flight",
                 "[virtqueue][hostile]") {
  auto queue = make();
  const auto head = driver.add({writable(data, 16)});
  REQUIRE(FakeQueue::must(queue.pop(chain)));
  driver.make_available(head);
  DescriptorChain second;
  CHECK(message_of(queue.pop(second)) == "chain made available again before it was used");
  REQUIRE(queue.push_used(chain, 0));
  CHECK(FakeQueue::must(queue.pop(second)));
}

TEST_CASE_METHOD(Fixture, "hostile: a circular chain", "[virtqueue][hostile]") {
  auto queue = make();
  driver.write_descriptor(0, {.address = data, .length = 1, .flags = descriptor_has_next, .next = 1});
  driver.write_descriptor(1, {.address = data, .length = 1, .flags = descriptor_has_next, .next = 0});
  driver.make_available(0);
  CHECK(message_of(queue.pop(chain)) == "descriptor chain is longer than the queue");
}

TEST_CASE_METHOD(Fixture, "hostile: an indirect table longer than the queue", "[virtqueue][hostile]") {
  auto queue = make();
  constexpr std::uint64_t table = 0x30000;
  driver.write_chain(table, 0, std::vector<Buffer>(9, readable(data, 1)));
  driver.add({{table, 9 * 16, descriptor_is_indirect}});
  CHECK(message_of(queue.pop(chain)) == "descriptor chain is longer than the queue");
}

TEST_CASE_METHOD(Fixture, "hostile: an indirect table inside an indirect table", "[virtqueue][hostile]") {
  auto queue = make();
  constexpr std::uint64_t table = 0x30000;
  driver.write_chain(table, 0, {{table, 16, descriptor_is_indirect}});
  driver.add({{table, 16, descriptor_is_indirect}});
  CHECK(message_of(queue.pop(chain)) == "indirect descriptor inside an indirect table");
}

TEST_CASE_METHOD(Fixture, "hostile: malformed indirect descriptors", "[virtqueue][hostile]") {
  constexpr std::uint64_t table = 0x30000;
  driver.write_chain(table, 0, {readable(data, 1)});
  SECTION("a table that is no whole number of descriptors") {
    auto queue = make();
    driver.add({{table, 17, descriptor_is_indirect}});
    CHECK_FALSE(queue.pop(chain));
  }
  SECTION("an empty table") {
    auto queue = make();
    driver.add({{table, 0, descriptor_is_indirect}});
    CHECK_FALSE(queue.pop(chain));
  }
  SECTION("a table that goes on in the ring") {
    auto queue = make();
    driver.add({{table, 16, descriptor_is_indirect}, readable(data, 1)});
    CHECK_FALSE(queue.pop(chain));
  }
  SECTION("a table past the end of memory") {
    auto queue = make();
    driver.add({{memory_size, 16, descriptor_is_indirect}});
    CHECK_FALSE(queue.pop(chain));
  }
  SECTION("a table of 4 GiB: its length allocates nothing") {
    auto queue = make();
    driver.write_descriptor(table, 0,
                            {.address = data, .length = 1, .flags = descriptor_has_next, .next = 65535});
    driver.add({{table, 0xffff'fff0, descriptor_is_indirect}});
    CHECK_FALSE(queue.pop(chain));
  }
  SECTION("a table without the feature") {
    auto queue = make(feature::version_1);
    driver.add({{table, 16, descriptor_is_indirect}});
    CHECK(message_of(queue.pop(chain)) == "indirect descriptor without the feature");
  }
}

TEST_CASE_METHOD(Fixture, "hostile: an available index further ahead than the queue",
                 "[virtqueue][hostile]") {
  auto queue = make();
  driver.set_available_index(9);
  CHECK_FALSE(queue.pop(chain));
  driver.set_available_index(0xffff);
  CHECK_FALSE(queue.pop(chain));
}

TEST_CASE_METHOD(Fixture, "hostile: a readable buffer after a writable one", "[virtqueue][hostile]") {
  auto queue = make();
  driver.add({writable(data, 1), readable(data, 1)});
  CHECK_FALSE(queue.pop(chain));
}

TEST_CASE("hostile: a chain of 4 GiB", "[virtqueue][hostile]") {
  // Address space only: nothing of it is touched but the rings.
  const auto memory = FakeQueue::must(GuestMemory::create(1ULL << 31));
  FakeQueue driver(memory, ring_base, 8);
  auto queue = FakeQueue::must(Virtqueue::create(memory, driver.setup(), feature::common));
  DescriptorChain chain;
  driver.add({writable(0, 1U << 31), writable(0, 1U << 31)});
  CHECK(message_of(queue.pop(chain)) == "descriptor chain of 4 GiB or more");
}
