// A guest, and a monitor, that do not keep to the rules of vsock.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/vmm/virtio/vsock_fixture.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using policy::VsockOp;

TEST_CASE_METHOD(VsockFixture, "vsock hostile: a packet longer than its buffers, or than any may be",
                 "[vsock][hostile]") {
  CHECK_FALSE(send(header(VsockPacketOp::data, 7, 1000, 6), "hello"));
  CHECK_FALSE(send(header(VsockPacketOp::data, 7, 1000, 0xffff'ffff), "hello"));
  output.add({readable(packet, 43)});
  CHECK_FALSE(device->serve(1, transmit));
}

TEST_CASE_METHOD(VsockFixture, "vsock hostile: packets for others, or in the name of others, lead nowhere",
                 "[vsock][hostile]") {
  auto head = header(VsockPacketOp::request, 7, 1000);
  head.destination_cid = 43;  // another guest
  CHECK(send(head));
  head = header(VsockPacketOp::request, 7, 1000);
  head.source_cid = 43;
  CHECK(send(head));
  head = header(VsockPacketOp::request, 7, 1000);
  head.destination_cid = 0xffff'ffff'0000'0002;
  CHECK(send(head));
  serve();
  CHECK(take_frames().empty());
  CHECK(packets().empty());
}

TEST_CASE_METHOD(VsockFixture,
                 "vsock hostile: packets of no connection, or of an unknown kind, are answered with a reset",
                 "[vsock][hostile]") {
  for (const unsigned op : {0U, 2U, 4U, 5U, 6U, 7U, 8U, 0xffffU}) {
    auto head = header(VsockPacketOp::data, 7, 1000);
    head.op = static_cast<VsockPacketOp>(op);
    CHECK(send(head));
    serve();
    const auto got = packets();
    REQUIRE(got.size() == 1);
    CHECK(got[0].header.op == VsockPacketOp::reset);
  }
  auto datagram = header(VsockPacketOp::request, 7, 1000);
  datagram.type = 3;
  CHECK(send(datagram));
  serve();
  CHECK(packets().size() == 1);
  CHECK(take_frames().empty());
  // But a reset never is: two sides would answer each other for ever.
  CHECK(send(header(VsockPacketOp::reset, 7, 1000)));
  serve();
  CHECK(packets().empty());
}

TEST_CASE_METHOD(VsockFixture, "vsock hostile: a guest that sends more than its credit loses the connection",
                 "[vsock][hostile]") {
  connect_from_guest();
  const std::string text(20'000, 'x');
  CHECK(send(header(VsockPacketOp::data, 7, 1000, 20'000), text));
  take_frames();
  CHECK(send(header(VsockPacketOp::data, 7, 1000, 20'000), text));
  const auto frames = take_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].first.op == VsockOp::close);
  serve();
  const auto got = packets();
  REQUIRE(got.size() == 1);
  CHECK(got[0].header.op == VsockPacketOp::reset);
}

TEST_CASE_METHOD(VsockFixture, "vsock hostile: a guest cannot open connections without end",
                 "[vsock][hostile]") {
  for (std::uint32_t port = 0; port < 200; ++port) {
    CHECK(send(header(VsockPacketOp::request, port, 1000)));
    if (port >= policy::max_vsock_connections) give_buffers(1);
    serve();
  }
  std::size_t opened = 0;
  for (const auto& [frame, data] : take_frames()) opened += frame.op == VsockOp::open ? 1 : 0;
  CHECK(opened == policy::max_vsock_connections);
}

TEST_CASE("vsock hostile: a guest that takes no answers is not listened to any more, until it does",
          "[vsock][hostile]") {
  VsockFixture f;
  f.serve();
  // 16 buffers, and no more: the resets that it provokes have nowhere to go.
  for (int i = 0; i < 120; ++i) {
    f.put_packet(VsockFixture::header(VsockPacketOp::data, 7, 1000));
    f.serve();
  }
  const auto consumed = f.output.used_index();
  CHECK(consumed < 100);
  f.packets();
  f.give_buffers(30);
  f.serve();
  CHECK(f.output.used_index() > consumed);
}

TEST_CASE_METHOD(
    VsockFixture,
    "vsock hostile: a monitor that sends more than its credit, or takes more than there was, is not followed",
    "[vsock][hostile]") {
  connect_from_guest();  // 65536 bytes of credit
  for (int i = 0; i < 4; ++i) {
    say({.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 16'384}, std::string(16'384, 'x'));
    give_buffers(5);
    serve();
  }
  std::size_t bytes = 0;
  for (const auto& got : packets()) bytes += got.data.size();
  CHECK(bytes == 65'536);
  say({.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 1}, "x");
  serve();
  CHECK(packets().empty());
  say({.op = VsockOp::credit, .host_port = 1000, .guest_port = 7, .value = 5});
  say({.op = VsockOp::credit, .host_port = 1000, .guest_port = 7, .value = 0xffff'ffff});
  serve();
  CHECK(send(header(VsockPacketOp::credit_request, 7, 1000)));
  serve();
  const auto got = packets();
  REQUIRE_FALSE(got.empty());
  CHECK(got.back().header.forwarded == 0);
}

TEST_CASE_METHOD(VsockFixture, "vsock hostile: malformed frames of the monitor are dropped",
                 "[vsock][hostile]") {
  connect_from_guest();
  REQUIRE(::send(monitor.get(), "x", 1, 0) == 1);
  say({.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 5}, "four");
  say({.op = VsockOp::credit, .host_port = 1000, .guest_port = 7, .value = 0}, "data");
  say({.op = VsockOp{99}, .host_port = 1000, .guest_port = 7, .value = 0});
  say({.op = VsockOp::open, .host_port = 1000, .guest_port = 7});
  serve();
  CHECK(packets().empty());
  say({.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 2}, "ok");
  serve();
  CHECK(packets().size() == 1);
}

TEST_CASE_METHOD(VsockFixture, "vsock hostile: a receive buffer without room is against the protocol",
                 "[vsock][hostile]") {
  // Those of the fixture first.
  for (int i = 0; i < 16; ++i) CHECK(send(header(VsockPacketOp::data, 7, 1000)));
  serve();
  input.add({writable(buffers, 43)});
  CHECK(send(header(VsockPacketOp::data, 7, 1000)));
  CHECK_FALSE(device->serve(0, receive));
}

TEST_CASE_METHOD(VsockFixture,
                 "vsock hostile: data for a connection does not reach the next one of the same ports",
                 "[vsock][hostile]") {
  connect_from_guest();
  for (int i = 0; i < 40; ++i)
    say({.op = VsockOp::data, .host_port = 1000, .guest_port = 7, .value = 1}, "a");
  serve();  // until the buffers are used up: one piece waits
  packets();
  CHECK(send(header(VsockPacketOp::reset, 7, 1000)));
  CHECK(send(header(VsockPacketOp::request, 7, 1000)));
  give_buffers(30);
  serve();
  for (const auto& got : packets()) CHECK(got.data.empty());
}
