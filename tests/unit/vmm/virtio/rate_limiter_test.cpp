// The limit of every device that has one: what is over it waits in the guest's ring, and goes on by itself.
#include <catch2/catch_test_macros.hpp>
#include <poll.h>
#include <sys/socket.h>

#include "tests/unit/vmm/virtio/block_fixture.hpp"
#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "tests/unit/vmm/virtio/fake_wire.hpp"
#include "vmm/virtio/console.hpp"
#include "vmm/virtio/net.hpp"
#include "vmm/virtio/rng.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using namespace std::chrono_literals;

namespace {

constexpr policy::RateLimit few_operations{.operations_per_second = 1, .operations_burst = 1};
/// A rate at which nothing more comes while a test runs, after the first `bytes` and the one that makes the
/// debt.
policy::RateLimit slow_bytes(std::uint64_t bytes) {
  return {.bytes_per_second = policy::min_bytes_per_second, .bytes_burst = bytes};
}

std::pair<UniqueFd, UniqueFd> socket_pair(int type) {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
  return {UniqueFd(pair[0]), UniqueFd(pair[1])};
}

/// The machine with one device, its queue `index` in use.
struct Limited {
  Limited(std::unique_ptr<Device> device, std::uint16_t index)
      : limit(device->limits()[0]),
        machine(std::move(device)),
        queue(machine.memory, 0x10000, 64),
        index_(index) {
    machine.enable_pci();
    machine.negotiate(feature::common);
    machine.enable_queue(index, queue);
    machine.set_status(15);
    machine.run();
  }
  void add(const std::vector<Buffer>& buffers, int count = 1) {
    for (int i = 0; i < count; ++i) queue.add(buffers);
    machine.notify(index_);
    machine.run();
  }
  [[nodiscard]] int served() const { return queue.used_index(); }

  RateLimiter& limit;
  FakeMachine machine;
  FakeQueue queue;
  std::uint16_t index_;
};

constexpr std::uint64_t data = 0x40000;

}  // namespace

TEST_CASE("a limiter without a limit never waits; one with a limit is woken when it may go on",
          "[rate_limit]") {
  RateLimiter limiter;
  REQUIRE(limiter.open());
  CHECK(limiter.may_start());
  limiter.charge(1 << 30);
  CHECK(limiter.may_start());

  limiter.change({.operations_per_second = 50, .operations_burst = 1});
  CHECK(limiter.may_start());
  limiter.charge(0);
  limiter.charge(0);
  CHECK_FALSE(limiter.may_start());
  pollfd polled{.fd = limiter.event(), .events = POLLIN, .revents = 0};
  CHECK(::poll(&polled, 1, 5000) == 1);
  CHECK(limiter.may_start());
}

TEST_CASE("random numbers are limited by operations and by bytes", "[rate_limit]") {
  Limited operations(std::make_unique<Rng>(few_operations), 0);
  operations.add({writable(data, 16)}, 10);
  CHECK(operations.served() <= 5);
  Limited bytes(std::make_unique<Rng>(slow_bytes(1024)), 0);
  bytes.add({writable(data, 4096)}, 10);
  CHECK(bytes.served() <= 3);
  CHECK(bytes.served() >= 1);
}

TEST_CASE("a limit that is changed holds at once, and one that is taken away lets the rest through",
          "[rate_limit]") {
  Limited rng(std::make_unique<Rng>(), 0);
  rng.add({writable(data, 16)}, 10);
  CHECK(rng.served() == 10);
  rng.limit.change(slow_bytes(1024));
  rng.add({writable(data, 4096)}, 10);
  const auto limited = rng.served();
  CHECK(limited <= 12);
  rng.limit.change({});
  ::usleep(1000);
  rng.machine.run();
  CHECK(rng.served() == 20);
}

TEST_CASE("all queues of a disk share its limit", "[rate_limit][block]") {
  auto record = a_disk(policy::DiskAccess::read_only);
  record.limit = slow_bytes(1024);
  Limited disk(FakeQueue::must(Block::create(make_disk(1 << 16), record)), 0);
  FakeQueue::must(disk.machine.memory.write_object(
      GuestAddress{data}, BlockHeader{.type = request_in, .reserved = 0, .sector = 0}));
  disk.add({readable(data, 16), writable(data + 0x1000, 4097)}, 10);
  CHECK(disk.served() <= 2);
}

TEST_CASE("frames of a network are limited each way", "[rate_limit][net]") {
  const policy::MacAddress mac{2, 0, 0, 0, 0, 1};
  SECTION("what the guest sends") {
    auto [wire, peer] = socket_pair(SOCK_SEQPACKET);
    Limited net(Net::create(std::make_unique<FakeWire>(std::move(wire)), "lan", mac, slow_bytes(1024)), 1);
    net.add({readable(data, 16384)}, 10);
    CHECK(net.served() <= 3);
    CHECK(net.served() >= 1);
  }
  SECTION("what it is sent") {
    auto [wire, peer] = socket_pair(SOCK_SEQPACKET);
    Limited net(Net::create(std::make_unique<FakeWire>(std::move(wire)), "lan", mac, slow_bytes(1024)), 0);
    for (int i = 0; i < 10; ++i) {
      const std::string frame(16384, '\0');
      REQUIRE(::send(peer.get(), frame.data(), frame.size(), 0) == 16384);
    }
    net.add({writable(data, 20000)}, 10);
    CHECK(net.served() <= 3);
    CHECK(net.served() >= 1);
  }
}

TEST_CASE("console output is limited; what is typed is not", "[rate_limit][console]") {
  auto [socket, peer] = socket_pair(SOCK_STREAM);
  Limited console(FakeQueue::must(Console::create(std::move(socket), slow_bytes(1024))), 1);
  console.add({readable(data, 16384)}, 10);
  CHECK(console.served() <= 3);
  CHECK(console.served() >= 1);

  auto [other, typist] = socket_pair(SOCK_STREAM);
  Limited typed(FakeQueue::must(Console::create(std::move(other), few_operations)), 0);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(::write(typist.get(), "x", 1) == 1);
    typed.add({writable(data, 1)});
  }
  CHECK(typed.served() == 5);
}
