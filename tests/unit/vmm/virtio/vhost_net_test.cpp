#include "vmm/virtio/vhost_net.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <sys/eventfd.h>

#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "tests/unit/vmm/virtio/fake_vhost.hpp"
#include "tests/unit/vmm/virtio/fake_wire.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using Calls = FakeVhost::Calls;

namespace {

constexpr std::uint64_t driver_features =
    feature::event_index | feature::net_mergeable_buffers | feature::net_guest_checksum;
const Calls started{"set_features", "rings 0", "start 0", "rings 1", "start 1"};

/// A machine with one network device that a kernel serves.
struct VhostFixture {
  explicit VhostFixture(std::uint64_t offered = feature::common | feature::net_mergeable_buffers | 1 << 24)
      : machine(make_device(offered)) {
    machine.enable_pci();
  }

  void set_up(std::uint64_t features = driver_features) {
    machine.negotiate(features);
    machine.enable_queue(0, input);
    machine.enable_queue(1, output);
    kernel.calls.clear();
  }
  void start(std::uint64_t features = driver_features) {
    set_up(features);
    machine.set_status(15);
    machine.run();
  }
  [[nodiscard]] bool needs_reset() { return (machine.status() & status::needs_reset) != 0; }
  void signal(int event) {
    REQUIRE(::eventfd_write(event, 1) == 0);
    machine.run();
  }
  void mask(std::uint16_t vector, std::uint32_t masked) {
    machine.bar_write<std::uint32_t>(bar::msix_table + 16U * vector + 12, masked);
  }

  FakeVhost::State kernel;
  FakeWire* tap = nullptr;
  FakeMachine machine;
  FakeQueue input{machine.memory, 0x10000, 64};
  FakeQueue output{machine.memory, 0x20000, 64};

 private:
  FakeMachine::Factory make_device(std::uint64_t offered) {
    kernel.offered = offered;
    return [this](const GuestMemory& memory) {
      auto wire = std::make_unique<FakeWire>(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
      tap = wire.get();
      return FakeQueue::must(VhostNet::create(memory, std::make_unique<FakeVhost>(kernel), std::move(wire),
                                              "lan", {2, 0, 0, 0, 0, 7}));
    };
  }
};

}  // namespace

TEST_CASE_METHOD(VhostFixture, "the kernel knows guest memory and eventfds before the machine runs",
                 "[vhost]") {
  CHECK(kernel.calls == Calls{"features", "owner", "memory", "events 0", "events 1"});
  REQUIRE(kernel.memory.size() == machine.memory.regions().size());
  CHECK(kernel.memory[0].host == machine.memory.regions()[0].host);
  CHECK(kernel.memory[0].size == 1 << 20);
  CHECK(machine.events.doorbells.begin()->second == kernel.events[0].doorbell);
}

TEST_CASE("a driver is offered what the kernel can do, and no more", "[vhost]") {
  VhostFixture all;
  VhostFixture few(feature::version_1);
  const auto offered = [](VhostFixture& f) {
    f.machine.bar_write<std::uint32_t>(offsetof(CommonConfig, device_feature_select), 0);
    return f.machine.bar_read<std::uint32_t>(offsetof(CommonConfig, device_feature));
  };
  const auto device = static_cast<std::uint32_t>(feature::net_mac | feature::net_status);
  const auto taps = static_cast<std::uint32_t>(all.tap->features());
  const auto kernels = static_cast<std::uint32_t>(feature::indirect_descriptors | feature::event_index |
                                                  feature::net_mergeable_buffers);
  CHECK(offered(all) == (device | taps | kernels));
  CHECK(offered(few) == (device | taps));
  FakeVhost::State old;
  old.offered = feature::event_index;
  const auto memory = FakeQueue::must(GuestMemory::create(1 << 20));
  CHECK_FALSE(VhostNet::create(memory, std::make_unique<FakeVhost>(old), nullptr, "lan", {}));
}

TEST_CASE_METHOD(VhostFixture, "a driver that is ready has its rings served, where they lie in this process",
                 "[vhost]") {
  start();
  CHECK(kernel.calls == started);
  CHECK(kernel.features == (feature::version_1 | feature::event_index | feature::net_mergeable_buffers));
  CHECK(tap->used_features == (driver_features | feature::version_1));
  const auto base = reinterpret_cast<std::uint64_t>(machine.memory.regions()[0].host);
  for (const auto* queue : {&input, &output}) {
    const auto& rings = kernel.rings.at(queue == &input ? 0 : 1);
    CHECK(rings.size == 64);
    CHECK(rings.descriptors == base + raw(queue->setup().descriptors));
    CHECK(rings.available == base + raw(queue->setup().available));
    CHECK(rings.used == base + raw(queue->setup().used));
  }
  CHECK(kernel.backends == std::vector<int>{tap->fd(), tap->fd()});
  // What was made available before is looked at, and the count is not ours to read.
  eventfd_t count = 0;
  CHECK(::eventfd_read(kernel.events[1].doorbell, &count) == 0);
  machine.notify(1);
  machine.run();
  CHECK(::eventfd_read(kernel.events[1].doorbell, &count) == 0);
}

TEST_CASE_METHOD(VhostFixture, "a queue that is not enabled has no backend", "[vhost]") {
  machine.negotiate(driver_features);
  machine.enable_queue(1, output);
  kernel.calls.clear();
  machine.set_status(15);
  CHECK(kernel.calls == Calls{"set_features", "rings 1", "start 1"});
}

TEST_CASE_METHOD(VhostFixture, "at a reset the kernel stops before anything else, and can start again",
                 "[vhost]") {
  start();
  kernel.calls.clear();
  machine.set_status(0);
  CHECK(kernel.calls == Calls{"stop 0", "stop 1"});
  start();
  CHECK(kernel.calls == started);
  kernel.calls.clear();
  REQUIRE(machine.function->shut_down());
  CHECK(kernel.calls == Calls{"stop 0", "stop 1"});
}

TEST_CASE_METHOD(VhostFixture, "hostile: vhost: rings outside of memory never reach the kernel", "[vhost]") {
  for (const std::uint64_t address : {0xff'ff00ULL, 0xffff'ffff'ffff'fff0ULL, 0xff000ULL + 0xff0}) {
    for (const auto field : {offsetof(CommonConfig, queue_desc), offsetof(CommonConfig, queue_driver),
                             offsetof(CommonConfig, queue_device)}) {
      machine.negotiate(driver_features);
      machine.enable_queue(0, input);
      machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_select), 1);
      machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_size), 256);
      const auto setup = output.setup();
      machine.bar_write(offsetof(CommonConfig, queue_desc), raw(setup.descriptors));
      machine.bar_write(offsetof(CommonConfig, queue_driver), raw(setup.available));
      machine.bar_write(offsetof(CommonConfig, queue_device), raw(setup.used));
      machine.bar_write(field, address);
      machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_enable), 1);
      kernel.calls.clear();
      machine.set_status(15);
      CHECK(kernel.calls == Calls{"stop 0", "stop 1"});
      CHECK(needs_reset());
    }
  }
  // Of 64 entries, with the two bytes behind each ring that are the other side's.
  constexpr std::uint64_t end = 0x10'0000, available_size = 4 + 2 * 64 + 2, used_size = 4 + 8 * 64 + 2;
  const auto fits = [this](std::uint64_t available, std::uint64_t used) {
    return locate_rings(machine.memory, {.size = 64,
                                         .descriptors = GuestAddress{0x1000},
                                         .available = GuestAddress{available},
                                         .used = GuestAddress{used}})
        .has_value();
  };
  CHECK(fits(end - available_size, end - used_size));
  CHECK_FALSE(fits(end - available_size + 2, end - used_size));
  CHECK_FALSE(fits(end - available_size, end - used_size + 2));
}

TEST_CASE_METHOD(VhostFixture, "hostile: vhost: queue registers changed after DRIVER_OK", "[vhost]") {
  start();
  kernel.calls.clear();
  machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_select), 0);
  machine.bar_write<std::uint64_t>(offsetof(CommonConfig, queue_device), 0x30000);
  CHECK(kernel.calls == Calls{"stop 0", "stop 1"});
  CHECK(needs_reset());
  // Not before a reset does it go on.
  machine.set_status(15);
  machine.notify(0);
  machine.run();
  CHECK(kernel.backends == std::vector<int>{-1, -1});
}

TEST_CASE_METHOD(VhostFixture, "what the kernel gives back interrupts the driver, as its vectors are now",
                 "[vhost]") {
  start();
  signal(kernel.events[0].used);
  CHECK(machine.take_raised(queue_vector(0)) == 1);
  CHECK(machine.take_raised(queue_vector(1)) == 0);

  mask(queue_vector(0), 1);
  signal(kernel.events[0].used);
  CHECK(machine.take_raised(queue_vector(0)) == 0);
  mask(queue_vector(0), 0);
  CHECK(machine.take_raised(queue_vector(0)) == 1);

  // The driver may give the queue another vector while it runs.
  machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_select), 0);
  machine.bar_write<std::uint16_t>(offsetof(CommonConfig, queue_msix_vector), queue_vector(1));
  signal(kernel.events[0].used);
  CHECK(machine.take_raised(queue_vector(0)) == 0);
  CHECK(machine.take_raised(queue_vector(1)) == 1);

  machine.set_status(0);
  signal(kernel.events[0].used);
  CHECK(machine.take_raised(queue_vector(1)) == 0);
}

TEST_CASE_METHOD(VhostFixture, "hostile: vhost: a driver that the kernel finds at fault has to reset",
                 "[vhost]") {
  start();
  kernel.calls.clear();
  signal(kernel.events[1].broken);
  CHECK(needs_reset());
  CHECK(kernel.calls == Calls{"stop 0", "stop 1"});
  CHECK(machine.take_raised(config_vector) == 1);
  // Until then nothing that the kernel still tells of reaches it.
  signal(kernel.events[0].used);
  CHECK(machine.take_raised(queue_vector(0)) == 0);

  // What it did before a reset is not the fault of the driver after it.
  start();
  REQUIRE(::eventfd_write(kernel.events[1].broken, 1) == 0);
  start();
  machine.run();
  CHECK_FALSE(needs_reset());
  CHECK(kernel.backends == std::vector<int>{tap->fd(), tap->fd()});
}

TEST_CASE_METHOD(VhostFixture, "where the kernel refuses a queue none is served", "[vhost]") {
  for (const auto* refused : {"set_features", "rings 1", "start 1"}) {
    kernel.refused = refused;
    start();
    CHECK(needs_reset());
    CHECK(kernel.backends == std::vector<int>{-1, -1});
  }
  kernel.refused = "";
  start();
  CHECK_FALSE(needs_reset());
}

TEST_CASE("a file that is no vhost-net is refused", "[vhost]") {
  const auto vhost = kernel_vhost(UniqueFd(::eventfd(0, EFD_CLOEXEC)));
  const auto asked = vhost->features();
  REQUIRE_FALSE(asked);
  CHECK_THAT(asked.error().message, Catch::Matchers::ContainsSubstring("ask vhost-net for its features"));
}
