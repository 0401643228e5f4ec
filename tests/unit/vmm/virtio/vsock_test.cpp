#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/vsock_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using policy::VsockFrame;
using policy::VsockOp;

TEST_CASE_METHOD(VsockFixture, "vsock: the guest reads its CID", "[vsock]") {
  std::uint64_t read = 0;
  std::memcpy(&read, device->config().data(), sizeof read);
  CHECK(read == cid);
}

TEST_CASE("vsock: the monitor is told that connections of an earlier driver are gone", "[vsock]") {
  VsockFixture f;
  f.connect_from_guest();
  f.device->reset();
  const auto frames = f.take_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].first.op == VsockOp::reset);
}

TEST_CASE_METHOD(VsockFixture, "vsock: a guest connects where a program of the host accepts", "[vsock]") {
  REQUIRE(send(header(VsockPacketOp::request, 7, 1000)));
  const auto frames = take_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].first == VsockFrame{.op = VsockOp::open, .host_port = 1000, .guest_port = 7, .value = 0});
  say({.op = VsockOp::opened, .host_port = 1000, .guest_port = 7});
  serve();
  const auto got = packets();
  REQUIRE(got.size() == 1);
  CHECK(got[0].header.op == VsockPacketOp::response);
  CHECK(got[0].header.source_cid == vsock_host_cid);
  CHECK(got[0].header.destination_cid == cid);
  CHECK(got[0].header.source_port == 1000);
  CHECK(got[0].header.destination_port == 7);
  CHECK(got[0].header.buffer_size == policy::vsock_window);
  // And the program may send as much as the guest has room for.
  const auto grants = take_frames();
  REQUIRE(grants.size() == 1);
  CHECK(grants[0].first.op == VsockOp::credit);
  CHECK(grants[0].first.value == 65536);
}

TEST_CASE_METHOD(VsockFixture, "vsock: a guest whose connection is refused is told so", "[vsock]") {
  REQUIRE(send(header(VsockPacketOp::request, 7, 1000)));
  say({.op = VsockOp::close, .host_port = 1000, .guest_port = 7});
  serve();
  const auto got = packets();
  REQUIRE(got.size() == 1);
  CHECK(got[0].header.op == VsockPacketOp::reset);
}

TEST_CASE_METHOD(VsockFixture, "vsock: a program of the host connects where the guest listens", "[vsock]") {
  say({.op = VsockOp::open, .host_port = 5000, .guest_port = 22});
  serve();
  const auto got = packets();
  REQUIRE(got.size() == 1);
  CHECK(got[0].header.op == VsockPacketOp::request);
  CHECK(got[0].header.source_port == 5000);
  CHECK(got[0].header.destination_port == 22);
  SECTION("and is answered") {
    REQUIRE(send(header(VsockPacketOp::response, 22, 5000)));
    const auto frames = take_frames();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].first.op == VsockOp::opened);
    CHECK(frames[1].first.op == VsockOp::credit);
  }
  SECTION("or refused") {
    REQUIRE(send(header(VsockPacketOp::reset, 22, 5000)));
    const auto frames = take_frames();
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].first.op == VsockOp::close);
  }
}

TEST_CASE_METHOD(VsockFixture, "vsock: bytes go both ways, in pieces as large as the guest's buffers",
                 "[vsock]") {
  connect_from_guest();
  REQUIRE(send(header(VsockPacketOp::data, 7, 1000, 5), "hello"));
  const auto frames = take_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].first == VsockFrame{.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 5});
  CHECK(frames[0].second == "hello");

  std::string text(10'000, 'x');
  text += "end";
  say({.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 10'003}, text);
  serve();
  std::string all;
  for (const auto& got : packets()) {
    CHECK(got.header.op == VsockPacketOp::data);
    CHECK(got.header.length == got.data.size());
    all += got.data;
  }
  CHECK(all == text);
}

TEST_CASE_METHOD(VsockFixture, "vsock: a large packet goes to the monitor in several frames", "[vsock]") {
  connect_from_guest();
  const std::string text(policy::vsock_window, 'y');
  REQUIRE(send(header(VsockPacketOp::data, 7, 1000, policy::vsock_window), text));
  std::string all;
  for (const auto& [frame, data] : take_frames()) {
    CHECK(data.size() <= policy::max_vsock_payload);
    all += data;
  }
  CHECK(all == text);
}

TEST_CASE_METHOD(VsockFixture, "vsock: the guest is told its credit when it asks, and when much was taken",
                 "[vsock]") {
  connect_from_guest();
  REQUIRE(send(header(VsockPacketOp::data, 7, 1000, 20'000), std::string(20'000, 'z')));
  REQUIRE(send(header(VsockPacketOp::credit_request, 7, 1000)));
  serve();
  auto got = packets();
  REQUIRE(got.size() == 1);
  CHECK(got[0].header.op == VsockPacketOp::credit_update);
  CHECK(got[0].header.forwarded == 0);
  say({.op = VsockOp::credit, .host_port = 1000, .guest_port = 7, .value = 100});
  serve();
  CHECK(packets().empty());  // too little to speak of
  say({.op = VsockOp::credit, .host_port = 1000, .guest_port = 7, .value = 19'900});
  serve();
  got = packets();
  REQUIRE(got.size() == 1);
  CHECK(got[0].header.op == VsockPacketOp::credit_update);
  CHECK(got[0].header.forwarded == 20'000);
}

TEST_CASE_METHOD(VsockFixture, "vsock: what waits for buffers of the guest goes on when it gives some",
                 "[vsock]") {
  connect_from_guest();
  FakeQueue::must(device->serve(0, receive));
  // Use the buffers up.
  for (int i = 0; i < 40; ++i)
    say({.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 1}, "a");
  serve();
  const auto first = packets().size();
  CHECK(first < 40);
  give_buffers(40);
  serve();
  CHECK(first + packets().size() == 40);
}

TEST_CASE_METHOD(VsockFixture, "vsock: either side says that it is done, and close ends the connection",
                 "[vsock]") {
  connect_from_guest();
  auto shutdown = header(VsockPacketOp::shutdown, 7, 1000);
  shutdown.flags = 3;
  REQUIRE(send(shutdown));
  auto frames = take_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].first.op == VsockOp::shutdown);
  CHECK(frames[0].first.value == 3);
  say({.op = VsockOp::shutdown, .host_port = 1000, .guest_port = 7, .value = 2});
  say({.op = VsockOp::close, .host_port = 1000, .guest_port = 7});
  serve();
  const auto got = packets();
  REQUIRE_FALSE(got.empty());
  CHECK(got.back().header.op == VsockPacketOp::reset);
  // It is gone.
  REQUIRE(send(header(VsockPacketOp::data, 7, 1000, 1), "x"));
  CHECK(take_frames().empty());
}
