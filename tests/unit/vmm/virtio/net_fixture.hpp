#pragma once

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "tests/unit/vmm/virtio/fake_wire.hpp"
#include "vmm/virtio/net.hpp"

namespace immure::vmm::test {

/// A machine with one network device, and the host's end of its wire.
struct NetFixture {
  static constexpr std::uint16_t receive = 0;
  static constexpr std::uint16_t transmit = 1;
  static constexpr std::uint64_t data = 0x40000;
  static constexpr std::uint64_t all_features =
      virtio::feature::event_index | virtio::feature::net_mergeable_buffers |
      virtio::feature::net_guest_checksum | virtio::feature::net_guest_tso4;

  NetFixture() : NetFixture(all_features) {}
  explicit NetFixture(std::uint64_t features) {
    machine.enable_pci();
    begin(features);
  }

  void begin(std::uint64_t features) {
    machine.negotiate(features);
    input = FakeQueue(machine.memory, 0x10000, 64);
    output = FakeQueue(machine.memory, 0x20000, 64);
    machine.enable_queue(receive, input);
    machine.enable_queue(transmit, output);
    machine.set_status(15);
    machine.run();
  }

  /// What the host's side receives next, its header in front; empty where nothing came.
  std::string take() {
    std::string frame(1 << 17, '\0');
    const auto count = ::recv(host.get(), frame.data(), frame.size(), MSG_DONTWAIT);
    frame.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return frame;
  }
  void give_raw(std::string_view frame) {
    REQUIRE(::send(host.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
    machine.run();
  }
  /// A frame of the host's with a header of zeros, or this one.
  void give(std::string_view frame, const virtio::NetHeader& header = {}) {
    const auto bytes = bytes_of(header);
    give_raw(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()) + std::string(frame));
  }
  void send(const std::vector<Buffer>& buffers) {
    output.add(buffers);
    machine.notify(transmit);
    machine.run();
  }
  void offer(const std::vector<Buffer>& buffers) {
    input.add(buffers);
    machine.notify(receive);
    machine.run();
  }
  std::uint16_t buffer_count(std::uint64_t at) {
    return FakeQueue::must(machine.memory.read_object<virtio::NetHeader>(GuestAddress{at})).buffer_count;
  }

  UniqueFd host;
  FakeWire* wire = nullptr;
  const virtio::Net* net = nullptr;
  FakeMachine machine{make_device()};
  FakeQueue input{machine.memory, 0x10000, 64};
  FakeQueue output{machine.memory, 0x20000, 64};

 private:
  std::unique_ptr<virtio::Device> make_device() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
      throw std::runtime_error("socketpair");
    host.reset(pair[1]);
    auto backend = std::make_unique<FakeWire>(UniqueFd(pair[0]));
    wire = backend.get();
    auto device = virtio::Net::create(std::move(backend), "lan", {2, 0, 0, 0, 0, 7});
    net = device.get();
    return device;
  }
};

}  // namespace immure::vmm::test
