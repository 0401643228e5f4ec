// What devices count is what they did.
#include <array>
#include <csignal>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

#include "tests/unit/vmm/virtio/block_fixture.hpp"
#include "tests/unit/vmm/virtio/net_fixture.hpp"
#include "vmm/virtio/balloon.hpp"
#include "vmm/virtio/console.hpp"
#include "vmm/virtio/rng.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using policy::DiskCounters;
using policy::NetCounters;

namespace {

policy::StatisticsMessage counted(const Device& device) {
  policy::StatisticsMessage out{.header = policy::header_of<policy::StatisticsMessage>()};
  device.report(out);
  REQUIRE(policy::check(out));
  return out;
}

}  // namespace

TEST_CASE_METHOD(BlockFixture, "a disk counts what was carried out, in bytes of the disk, and errors apart",
                 "[block]") {
  make();
  CHECK(counted(*block).disk_count == 1);
  CHECK(counted(*block).disks[0] == DiskCounters{});
  CHECK(request(request_in, 0, {writable(data, 512), writable(data + 0x1000, 1024)}) == status_ok);
  CHECK(request(request_out, 1, {readable(data, 512)}) == status_ok);
  CHECK(request(request_out, 2, {readable(data, 512)}) == status_ok);
  CHECK(request(request_flush, 0, {}) == status_ok);
  CHECK(request(request_in, sectors, {writable(data, 512)}) == status_io_error);
  CHECK(request(77, 0, {writable(data, 512)}) == status_unsupported);
  CHECK(request(request_get_id, 0, {writable(data, 20)}) == status_ok);
  CHECK(counted(*block).disks[0] == DiskCounters{.reads = 1,
                                                 .read_bytes = 1536,
                                                 .writes = 2,
                                                 .written_bytes = 1024,
                                                 .flushes = 1,
                                                 .discards = 0,
                                                 .errors = 2});
  block->reset();
  CHECK(counted(*block).disks[0].reads == 1);
}

TEST_CASE_METHOD(BlockFixture, "a disk counts discards", "[block]") {
  make_with(policy::DiskEngine::plain);
  const auto answer = zero_request(11, {.sector = 0, .sectors = 8, .flags = 0});
  const auto counters = counted(*block).disks[0];
  CHECK(counters.discards == (answer == status_ok ? 1 : 0));
  CHECK(counters.errors == (answer == status_ok ? 0 : 1));
}

TEST_CASE_METHOD(NetFixture, "a network counts frames both ways without their headers, and drops apart",
                 "[net]") {
  put_text(machine.memory, data, std::string(12, '\0') + "three");
  send({readable(data, 17)});
  offer({writable(data, 1526)});
  give("hello you");
  give_raw("short");
  CHECK(counted(*net).nets[0] == NetCounters{.sent_frames = 1,
                                             .sent_bytes = 5,
                                             .sent_drops = 0,
                                             .received_frames = 1,
                                             .received_bytes = 9,
                                             .received_drops = 1});
  send({readable(data, 0x20000)});  // longer than any frame
  CHECK(counted(*net).nets[0].sent_drops == 1);
  CHECK(counted(*net).nets[0].sent_frames == 1);
}

TEST_CASE("a console counts what the peer took and gave", "[console]") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  UniqueFd peer(pair[1]);
  auto made = FakeQueue::must(Console::create(UniqueFd(pair[0])));
  const auto& console = *made;
  FakeMachine machine(std::move(made));
  machine.enable_pci();
  machine.negotiate(feature::event_index);
  FakeQueue input(machine.memory, 0x10000, 64);
  FakeQueue output(machine.memory, 0x20000, 64);
  machine.enable_queue(0, input);
  machine.enable_queue(1, output);
  machine.set_status(15);
  machine.run();
  REQUIRE(::send(peer.get(), "ok\n", 3, 0) == 3);
  input.add({writable(0x40000, 64)});
  machine.notify(0);
  machine.run();
  const auto send_hello = [&] {
    output.add({readable(0x41000, 5)});
    machine.notify(1);
    machine.run();
  };
  send_hello();
  CHECK(counted(console).machine.console_output_bytes == 5);
  CHECK(counted(console).machine.console_input_bytes == 3);
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(bugprone-signal-handler)
  peer.reset();
  send_hello();
  CHECK(counted(console).machine.console_output_bytes == 5);
}

TEST_CASE_METHOD(DirectQueue, "an entropy device counts the bytes that it gave", "[rng]") {
  Rng rng;
  driver.add({writable(0x40000, 32), writable(0x41000, 32)});
  REQUIRE(serve(rng));
  CHECK(counted(rng).machine.entropy_bytes == 64);
}

TEST_CASE("hostile: a balloon counts pages in and out, and gives back no more than it had",
          "[balloon][hostile]") {
  Balloon* balloon = nullptr;
  FakeMachine machine{[&](const GuestMemory& memory) {
                        auto made = FakeQueue::must(Balloon::create(memory));
                        balloon = made.get();
                        return made;
                      },
                      4 << 20};
  machine.enable_pci();
  machine.negotiate(0);
  std::array<FakeQueue, 2> queues{FakeQueue(machine.memory, 0x10000, 64),
                                  FakeQueue(machine.memory, 0x18000, 64)};
  for (std::uint16_t i = 0; i < 2; ++i) machine.enable_queue(i, queues.at(i));
  machine.set_status(15);
  machine.run();
  const auto send = [&](std::uint16_t queue, std::uint32_t count) {
    const std::array<std::uint32_t, 3> pages{0x100, 0x101, 0x103};
    REQUIRE(machine.memory.write(GuestAddress{0x40000}, std::as_bytes(std::span(pages))));
    queues.at(queue).add({readable(0x40000, 4 * count)});
    machine.notify(queue);
    machine.run();
  };
  balloon->ask_for(16384);
  send(0, 3);
  CHECK(counted(*balloon).machine.balloon_target_bytes == 16384);
  CHECK(counted(*balloon).machine.balloon_bytes == 3 * 4096);
  send(1, 1);
  CHECK(counted(*balloon).machine.balloon_bytes == 2 * 4096);
  send(1, 3);
  CHECK(counted(*balloon).machine.balloon_bytes == 0);
}
