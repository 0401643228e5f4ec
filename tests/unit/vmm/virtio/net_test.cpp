#include "vmm/virtio/net.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/net_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

TEST_CASE_METHOD(NetFixture, "a network device says its address, its link and what it can do", "[net]") {
  CHECK(machine.config_read<std::uint16_t>(2) == 0x1041);
  for (std::uint64_t i = 0; i < 6; ++i)
    CHECK(machine.bar_read<std::uint8_t>(bar::device + i) == (i == 0 ? 2 : i == 5 ? 7 : 0));
  CHECK(machine.bar_read<std::uint16_t>(bar::device + 6) == net_link_up);
  CHECK((wire->used_features & feature::net_guest_tso4) != 0);
  CHECK((wire->used_features & feature::net_guest_tso6) == 0);
}

TEST_CASE_METHOD(NetFixture, "a frame of the guest reaches the host whole, its header in front", "[net]") {
  put_text(machine.memory, data, std::string(12, '\0') + "dst");
  put_text(machine.memory, data + 0x1000, "src payload");
  send({readable(data, 15), readable(data + 0x1000, 11)});
  CHECK(take() == std::string(12, '\0') + "dstsrc payload");
  CHECK(output.used_index() == 1);
  CHECK(machine.take_raised(queue_vector(transmit)) == 1);
}

TEST_CASE_METHOD(NetFixture, "a frame of the host reaches the guest's buffer", "[net]") {
  offer({writable(data, 1526)});
  CHECK(input.used_index() == 0);
  give("hello");
  REQUIRE(input.used_index() == 1);
  CHECK(input.used(0).written == 12 + 5);
  CHECK(get_text(machine.memory, data + 12, 5) == "hello");
  CHECK(buffer_count(data) == 1);
  CHECK(machine.take_raised(queue_vector(receive)) == 1);
}

TEST_CASE_METHOD(NetFixture, "a long frame fills several buffers, which the guest sees all at once",
                 "[net]") {
  for (std::uint64_t i = 0; i < 4; ++i) input.add({writable(data + i * 0x1000, 100)});
  machine.notify(receive);
  machine.run();
  std::string frame;
  for (int i = 0; i < 250; ++i) frame += static_cast<char>('a' + i % 26);
  give(frame);
  REQUIRE(input.used_index() == 3);
  CHECK(buffer_count(data) == 3);
  CHECK(input.used(0).written == 100);
  CHECK(input.used(1).written == 100);
  CHECK(input.used(2).written == 62);
  CHECK(get_text(machine.memory, data + 12, 88) + get_text(machine.memory, data + 0x1000, 100) +
            get_text(machine.memory, data + 0x2000, 62) ==
        frame);
  CHECK(machine.take_raised(queue_vector(receive)) == 1);
}

TEST_CASE_METHOD(NetFixture, "a frame waits for buffers, those that it has already included", "[net]") {
  offer({writable(data, 100)});
  give(std::string(150, 'x'));
  CHECK(input.used_index() == 0);
  give("second");
  offer({writable(data + 0x1000, 100)});
  REQUIRE(input.used_index() == 2);
  CHECK(buffer_count(data) == 2);
  offer({writable(data + 0x2000, 100)});
  REQUIRE(input.used_index() == 3);
  CHECK(get_text(machine.memory, data + 0x2000 + 12, 6) == "second");
}

TEST_CASE_METHOD(NetFixture, "the receive path goes on after ring and wire were both full", "[net]") {
  const std::string frame(1000, '\0');
  unsigned queued = 0;
  while (::send(host.get(), frame.data(), frame.size(), 0) > 0) ++queued;
  machine.run();
  CHECK(input.used_index() == 0);
  for (unsigned i = 0; i < queued; ++i) offer({writable(data, 1526)});
  CHECK(input.used_index() == queued);
  give("after");
  offer({writable(data, 1526)});
  CHECK(input.used_index() == queued + 1);
}

TEST_CASE_METHOD(NetFixture, "frames that the wire does not take wait in the ring, in order", "[net]") {
  std::vector<std::string> sent;
  for (int i = 0; i < 40; ++i) {
    const auto address = data + static_cast<std::uint64_t>(i) * 0x1000;
    sent.push_back(std::string(12, '\0') + std::string(4000, static_cast<char>('A' + i)));
    put_text(machine.memory, address, sent.back());
    output.add({readable(address, 4012)});
  }
  int buffer = 4096;
  REQUIRE(::setsockopt(wire->fd(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)) == 0);
  machine.notify(transmit);
  machine.run();
  CHECK(output.used_index() < 40);
  for (const auto& frame : sent) {
    CHECK((take() == frame));
    machine.run();
  }
  CHECK(output.used_index() == 40);
}

TEST_CASE_METHOD(NetFixture, "a frame that the host refuses is lost, and the next one goes", "[net]") {
  wire->refuses_next = true;
  send({readable(data, 100)});
  CHECK(output.used_index() == 1);
  CHECK(take().empty());
  put_text(machine.memory, data, std::string(12, '\0') + "next");
  send({readable(data, 16)});
  CHECK(take() == std::string(12, '\0') + "next");
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(NetFixture, "a reset forgets the frame and the buffers in flight", "[net]") {
  offer({writable(data, 100)});
  give(std::string(150, 'x'));
  machine.set_status(0);
  begin(all_features);
  CHECK(input.used_index() == 0);
  offer({writable(data, 1526)});
  CHECK(input.used_index() == 0);
  give("fresh");
  REQUIRE(input.used_index() == 1);
  CHECK(get_text(machine.memory, data + 12, 5) == "fresh");
}

TEST_CASE("without mergeable buffers a frame has one buffer or is dropped", "[net]") {
  NetFixture net(feature::event_index);
  net.offer({writable(NetFixture::data, 100)});
  net.give(std::string(100, 'x'));
  CHECK(net.input.used_index() == 0);
  net.give("fits");
  REQUIRE(net.input.used_index() == 1);
  CHECK(get_text(net.machine.memory, NetFixture::data + 12, 4) == "fits");
  CHECK(net.buffer_count(NetFixture::data) == 1);
}

TEST_CASE("a driver gets no frame that it did not say it understands", "[net]") {
  NetFixture net(feature::event_index | feature::net_mergeable_buffers);
  net.offer({writable(NetFixture::data, 1526)});
  net.give("a", {.flags = net_needs_checksum});
  net.give("b", {.segmentation = net_segmentation_tcp4});
  net.give("c", {.segmentation = net_segmentation_tcp6});
  net.give("d", {.segmentation = 0x7f});
  CHECK(net.input.used_index() == 0);
  net.give("plain", {.flags = net_checksum_is_valid});
  REQUIRE(net.input.used_index() == 1);
  CHECK(get_text(net.machine.memory, NetFixture::data + 12, 5) == "plain");
  CHECK(get_text(net.machine.memory, NetFixture::data, 1) == std::string(1, '\0'));
}
