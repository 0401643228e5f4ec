#include "vmm/virtio/balloon.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/mman.h>

#include "tests/unit/vmm/virtio/fake_machine.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

constexpr std::uint16_t inflate = 0;
constexpr std::uint16_t deflate = 1;
constexpr std::uint16_t report = 2;
constexpr std::uint64_t numbers = 0x40000;
constexpr std::uint64_t page = 4096;

struct Fixture {
  Fixture() {
    machine.enable_pci();
    machine.negotiate(feature::balloon_deflate_on_oom | feature::balloon_page_reporting);
    for (std::uint16_t i = 0; i < 3; ++i) machine.enable_queue(i, queues.at(i));
    machine.set_status(15);
    machine.run();
  }

  void send(std::uint16_t queue, const std::vector<Buffer>& buffers) {
    queues.at(queue).add(buffers);
    machine.notify(queue);
    machine.run();
  }
  void send_pages(std::uint16_t queue, const std::vector<std::uint32_t>& pages) {
    const auto bytes = std::as_bytes(std::span(pages));
    REQUIRE(machine.memory.write(GuestAddress{numbers}, bytes));
    send(queue, {readable(numbers, static_cast<std::uint32_t>(bytes.size()))});
  }
  /// Whether the host has the page in memory (mincore(2)).
  bool is_resident(std::uint64_t address) {
    unsigned char state = 0;
    const auto slice =
        FakeQueue::must(machine.memory.io_slice(GuestAddress{address}, page, GuestAccess::device_reads));
    REQUIRE(::mincore(slice.iov_base, page, &state) == 0);
    return (state & 1) != 0;
  }
  void touch(std::uint64_t address) { put_text(machine.memory, address, "used"); }
  std::uint32_t asked() { return machine.bar_read<std::uint32_t>(bar::device); }

  Balloon* balloon = nullptr;
  FakeMachine machine{[this](const GuestMemory& memory) {
                        auto made = FakeQueue::must(Balloon::create(memory));
                        balloon = made.get();
                        return made;
                      },
                      4 << 20};
  std::array<FakeQueue, 3> queues{FakeQueue(machine.memory, 0x10000, 64),
                                  FakeQueue(machine.memory, 0x18000, 64),
                                  FakeQueue(machine.memory, 0x20000, 64)};
};

constexpr int needs_reset = 15 | status::needs_reset;

}  // namespace

TEST_CASE_METHOD(Fixture, "pages that the guest gives up go back to the host, and come again full of zeros",
                 "[balloon]") {
  const std::uint64_t first = 0x100;
  for (std::uint64_t i = 0; i < 4; ++i) touch((first + i) * page);
  send_pages(inflate, {0x100, 0x101, 0x103});
  CHECK(queues[inflate].used_index() == 1);
  CHECK_FALSE(is_resident(first * page));
  CHECK_FALSE(is_resident((first + 1) * page));
  CHECK(is_resident((first + 2) * page));
  CHECK_FALSE(is_resident((first + 3) * page));
  CHECK(get_text(machine.memory, first * page, 4) == std::string(4, '\0'));
  CHECK(get_text(machine.memory, (first + 2) * page, 4) == "used");
  send_pages(deflate, {0x100});
  CHECK(queues[deflate].used_index() == 1);
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(Fixture, "free pages that the guest reports go back to the host", "[balloon]") {
  touch(0x200000);
  touch(0x201000);
  touch(0x300000);
  send(report, {writable(0x200000, 2 * page), writable(0x300000, page)});
  CHECK(queues[report].used_index() == 1);
  CHECK_FALSE(is_resident(0x200000));
  CHECK_FALSE(is_resident(0x201000));
  CHECK_FALSE(is_resident(0x300000));
}

TEST_CASE_METHOD(Fixture, "the guest is told how much it is to give up", "[balloon]") {
  CHECK(asked() == 0);
  const auto generation = machine.bar_read<std::uint8_t>(offsetof(CommonConfig, config_generation));
  balloon->ask_for((1 << 20) + 1);
  machine.run();
  CHECK(asked() == 256);
  CHECK(machine.take_raised(config_vector) == 1);
  CHECK(machine.bar_read<std::uint8_t>(offsetof(CommonConfig, config_generation)) != generation);
  balloon->ask_for(~std::uint64_t{0});
  machine.run();
  CHECK(asked() == ~std::uint32_t{0});
}

TEST_CASE_METHOD(Fixture, "what was asked for before the driver came is there when it comes", "[balloon]") {
  machine.set_status(0);
  balloon->ask_for(8 * page);
  machine.run();
  CHECK(machine.take_raised(config_vector) == 0);
  CHECK(asked() == 8);
}

TEST_CASE_METHOD(Fixture, "hostile: pages outside memory", "[balloon][hostile]") {
  SECTION("just behind the end") { send_pages(inflate, {(4 << 20) / page}); }
  SECTION("the last number there is") { send_pages(inflate, {~0U}); }
  SECTION("a run across the end") { send_pages(inflate, {(4 << 20) / page - 1, (4 << 20) / page}); }
  CHECK(machine.status() == needs_reset);
}

TEST_CASE_METHOD(Fixture, "hostile: a list of pages of a wrong size", "[balloon][hostile]") {
  SECTION("half a number") { send(inflate, {readable(numbers, 6)}); }
  SECTION("too many") { send(inflate, {readable(numbers, (max_balloon_pages + 1) * 4)}); }
  CHECK(machine.status() == needs_reset);
}

TEST_CASE_METHOD(Fixture, "hostile: a report of parts of pages gives back none of them",
                 "[balloon][hostile]") {
  touch(0x200000);
  SECTION("the start") { send(report, {writable(0x200800, page)}); }
  SECTION("the end") { send(report, {writable(0x200000, page - 8)}); }
  CHECK(machine.status() == needs_reset);
  CHECK(is_resident(0x200000));
}

TEST_CASE_METHOD(Fixture, "an empty list is answered and changes nothing", "[balloon]") {
  send(inflate, {readable(numbers, 0)});
  CHECK(queues[inflate].used_index() == 1);
  CHECK(machine.status() == 15);
}
