#pragma once

#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "vmm/virtio/rng.hpp"

namespace immure::vmm::test {

/// A virtio function of one queue, and what a driver does with it. The device behind it is the simplest one.
struct RngFunction {
  static constexpr std::uint64_t data = 0x40000;

  FakeMachine machine{std::make_unique<virtio::Rng>()};
  FakeQueue queue{machine.memory, 0x10000, 64};

  void start(std::uint64_t features = virtio::feature::event_index) {
    machine.enable_pci();
    machine.negotiate(features);
    machine.enable_queue(0, queue);
    machine.set_status(15);
    machine.run();
  }
  /// As start(), after a reset that made the rings anew.
  void restart() {
    machine.set_status(0);
    queue = FakeQueue(machine.memory, 0x10000, 64);
    start();
  }
  void request() {
    queue.add({writable(data, 16)});
    machine.notify(0);
    machine.run();
  }
};

/// The same, started.
struct RunningRngFunction : RngFunction {
  RunningRngFunction() { start(); }
};

}  // namespace immure::vmm::test
