// What ThreadSanitizer watches (the tsan preset): vCPU threads at the registers while the event loop serves
// queues.
#include <atomic>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/block_fixture.hpp"
#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "vmm/machine_layout.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

TEST_CASE("registers may be poked from several threads while requests are served", "[concurrency]") {
  constexpr std::uint64_t header = 0x40000;
  constexpr std::uint64_t data = 0x50000;
  FakeMachine machine(
      FakeQueue::must(Block::create(make_disk(1 << 16), a_disk(policy::DiskAccess::read_write))));
  FakeQueue queue(machine.memory, 0x10000, 64);
  machine.enable_pci();
  machine.negotiate(feature::event_index | feature::block_flush);
  machine.enable_queue(0, queue);
  machine.set_status(15);

  std::thread io([&] { CHECK(machine.loop.run()); });
  std::atomic<bool> done{false};
  const auto poke = [&] {
    while (!done) {
      // Decoding off and on moves the doorbells; masks and vectors change under the interrupts.
      machine.config_write<std::uint16_t>(offsetof(pci::ConfigHeader, command), 0);
      machine.config_write<std::uint16_t>(offsetof(pci::ConfigHeader, command), pci::command_memory);
      machine.bar_write<std::uint32_t>(bar::msix_table + 28, 1);
      machine.bar_write<std::uint32_t>(bar::msix_table + 28, 0);
      (void)machine.bar_read<std::uint64_t>(bar::device);
      (void)machine.status();
      (void)machine.config_read<std::uint32_t>(offsetof(pci::ConfigHeader, bars));
      std::this_thread::yield();
    }
  };
  std::thread first(poke);
  std::thread second(poke);

  queue.write_chain(0x10000, 0, {readable(header, 16), writable(data, 512), writable(data + 512, 1)});
  for (std::uint64_t i = 0; i < 300; ++i) {
    FakeQueue::must(machine.memory.write_object(GuestAddress{header},
                                                BlockHeader{.type = 0, .reserved = 0, .sector = i % 128}));
    queue.make_available(0);
    const auto target = static_cast<std::uint16_t>(i + 1);
    while (queue.used_index() != target) {
      machine.notify(0);  // lost while decoding is off, as on a real machine
      std::this_thread::yield();
    }
    REQUIRE(get_text(machine.memory, data, 1)[0] == static_cast<char>(i % 128));
  }

  // A reset while everything is busy: complete when the write has returned. It may be lost while decoding is
  // off.
  done = true;
  first.join();
  second.join();
  machine.set_status(0);
  CHECK(machine.status() == 0);
  const auto used = queue.used_index();
  queue.make_available(0);
  machine.notify(0);
  machine.loop.stop();
  io.join();
  CHECK(queue.used_index() == used);
}
