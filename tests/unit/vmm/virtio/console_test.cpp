#include "vmm/virtio/console.hpp"

#include <csignal>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/unit/vmm/virtio/fake_machine.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {

constexpr std::uint64_t data = 0x40000;
constexpr std::uint16_t receive = 0;
constexpr std::uint16_t transmit = 1;

struct Sockets {
  Sockets() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      throw std::runtime_error("socketpair");
    guest.reset(pair[0]);
    peer.reset(pair[1]);
    (void)::fcntl(peer.get(), F_SETFL, O_NONBLOCK);
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(bugprone-signal-handler)
  }
  UniqueFd guest;
  UniqueFd peer;
};

struct Fixture : Sockets {
  Fixture() {
    machine.enable_pci();
    machine.negotiate(feature::event_index);
    machine.enable_queue(receive, input);
    machine.enable_queue(transmit, output);
    machine.set_status(15);
    machine.run();
  }

  /// What the peer can read now, `most` bytes at most.
  std::string take(std::size_t most = 1 << 20) {
    std::string text(most, '\0');
    const auto count = ::read(peer.get(), text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }
  void give(std::string_view text) {
    REQUIRE(::write(peer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void send(const std::vector<Buffer>& buffers) {
    output.add(buffers);
    machine.notify(transmit);
    machine.run();
  }

  FakeMachine machine{FakeQueue::must(Console::create(std::move(guest)))};
  FakeQueue input{machine.memory, 0x10000, 64};
  FakeQueue output{machine.memory, 0x20000, 64};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what the guest writes reaches the peer", "[console]") {
  put_text(machine.memory, data, "hello ");
  put_text(machine.memory, data + 0x1000, "world");
  send({readable(data, 6), readable(data + 0x1000, 5)});
  CHECK(take() == "hello world");
  CHECK(output.used_index() == 1);
  CHECK(machine.take_raised(queue_vector(transmit)) == 1);
}

TEST_CASE_METHOD(Fixture, "what the peer writes reaches the guest's buffers", "[console]") {
  input.add({writable(data, 16)});
  machine.notify(receive);
  machine.run();
  CHECK(input.used_index() == 0);
  give("root\n");
  machine.run();
  REQUIRE(input.used_index() == 1);
  CHECK(input.used(0).written == 5);
  CHECK(get_text(machine.memory, data, 5) == "root\n");
  CHECK(machine.take_raised(queue_vector(receive)) == 1);
}

TEST_CASE_METHOD(Fixture, "input waits in the socket until the guest gives buffers", "[console]") {
  give("0123456789");
  machine.run();
  CHECK(input.used_index() == 0);
  for (std::uint64_t i = 0; i < 4; ++i) input.add({writable(data + i * 4, 4)});
  machine.notify(receive);
  machine.run();
  CHECK(input.used_index() == 3);
  CHECK(get_text(machine.memory, data, 10) == "0123456789");
  give("ab");
  machine.run();
  CHECK(input.used_index() == 4);
  CHECK(get_text(machine.memory, data + 12, 2) == "ab");
}

TEST_CASE_METHOD(Fixture, "hostile: a peer that does not read makes nothing grow and loses nothing",
                 "[console][hostile]") {
  // Far more than a socket holds: the device stops taking chains and leaves the rest in the guest's ring.
  constexpr std::uint32_t size = 512 * 1024;
  for (std::uint32_t i = 0; i < size; i += 4)
    REQUIRE(machine.memory.write_object(GuestAddress{0x80000 + i}, i));
  for (int i = 0; i < 3; ++i) output.add({readable(0x80000, size)});
  machine.notify(transmit);
  machine.run();
  CHECK(output.used_index() < 3);
  std::string received;
  for (int i = 0; i < 10000 && received.size() < std::size_t{3} * size; ++i) {
    received += take();
    machine.run();
  }
  REQUIRE(received.size() == std::size_t{3} * size);
  CHECK(output.used_index() == 3);
  const auto once = get_text(machine.memory, 0x80000, size);
  CHECK((received == once + once + once));
}

TEST_CASE_METHOD(Fixture, "a guest whose console peer is gone goes on", "[console]") {
  peer.reset();
  machine.run();
  for (int i = 0; i < 5; ++i) send({readable(data, 4096)});
  CHECK(output.used_index() == 5);
  input.add({writable(data, 16)});
  machine.notify(receive);
  machine.run();
  CHECK(input.used_index() == 0);
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(Fixture, "a reset while output is blocked forgets the chain in flight", "[console]") {
  constexpr std::uint32_t size = 512 * 1024;
  output.add({readable(0x80000, size)});
  machine.notify(transmit);
  machine.run();
  REQUIRE(output.used_index() == 0);
  machine.set_status(0);
  CHECK(machine.status() == 0);
  while (!take().empty()) machine.run();
  CHECK(output.used_index() == 0);

  output = FakeQueue(machine.memory, 0x20000, 64);
  machine.negotiate(feature::event_index);
  machine.enable_queue(transmit, output);
  machine.set_status(15);
  put_text(machine.memory, data, "again");
  send({readable(data, 5)});
  CHECK(take() == "again");
  CHECK(output.used_index() == 1);
}

TEST_CASE_METHOD(Fixture, "hostile: a receive buffer that the device may only read", "[console][hostile]") {
  input.add({readable(data, 16)});
  machine.notify(receive);
  machine.run();
  CHECK(machine.status() == (15 | 64));
  CHECK(machine.take_raised(config_vector) == 1);
}
