#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/net_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;

namespace {
constexpr int needs_reset = 15 | status::needs_reset;
}

TEST_CASE_METHOD(NetFixture, "hostile: a frame without room for its header stops the device",
                 "[net][hostile]") {
  send({readable(data, 11)});
  CHECK(machine.status() == needs_reset);
  CHECK(take().empty());
}

TEST_CASE_METHOD(NetFixture, "hostile: a frame of 30 MiB is dropped, and nothing is allocated for it",
                 "[net][hostile]") {
  std::vector<Buffer> buffers;
  for (int i = 0; i < 60; ++i) buffers.push_back(readable(data, 0x80000));
  send(buffers);
  CHECK(output.used_index() == 1);
  CHECK(take().empty());
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(NetFixture, "hostile: a receive buffer that the device may only read, or an empty one",
                 "[net][hostile]") {
  SECTION("readable") { offer({readable(data, 100)}); }
  SECTION("smaller than the header") { offer({writable(data, 11)}); }
  give("x");
  CHECK(machine.status() == needs_reset);
}

TEST_CASE_METHOD(NetFixture, "hostile: an empty buffer after the first one stops the device",
                 "[net][hostile]") {
  offer({writable(data, 20)});
  offer({readable(data, 20)});
  give(std::string(100, 'x'));
  CHECK(machine.status() == needs_reset);
}

TEST_CASE_METHOD(NetFixture, "hostile: buffers that are all too small together come back empty",
                 "[net][hostile]") {
  for (std::uint64_t i = 0; i < 64; ++i) input.add({writable(data + i * 16, 16)});
  machine.notify(receive);
  machine.run();
  give(std::string(2000, 'x'));
  REQUIRE(input.used_index() == 64);
  for (std::uint16_t i = 0; i < 64; ++i) CHECK(input.used(i).written == 0);
  // And the next frame comes as if nothing had been.
  offer({writable(data, 1526)});
  give("next");
  CHECK(input.used_index() == 65);
  CHECK(machine.status() == 15);
}

TEST_CASE_METHOD(NetFixture, "hostile: a host's frame that is shorter than a header is dropped",
                 "[net][hostile]") {
  offer({writable(data, 1526)});
  give_raw("short");
  CHECK(input.used_index() == 0);
  give("long enough");
  CHECK(input.used_index() == 1);
}

TEST_CASE_METHOD(NetFixture, "hostile: a guest that sends without end lets other work be done",
                 "[net][hostile]") {
  put_text(machine.memory, data, std::string(64, '\0'));
  for (int i = 0; i < 64; ++i) output.add({readable(data, 64)});
  machine.notify(transmit);
  REQUIRE(machine.loop.run_once(std::chrono::milliseconds(0)));
  CHECK(output.used_index() <= Device::budget);
}
