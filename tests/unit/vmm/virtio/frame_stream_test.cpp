#include "vmm/virtio/frame_stream.hpp"

#include <csignal>
#include <stdexcept>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/vmm/virtio/fake_machine.hpp"
#include "vmm/virtio/net.hpp"

using namespace immure;
using namespace immure::vmm;
using namespace immure::vmm::virtio;
using namespace immure::vmm::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A frame's length as it is in front of it.
std::string prefix(std::size_t length) {
  return {static_cast<char>(length >> 24), static_cast<char>(length >> 16), static_cast<char>(length >> 8),
          static_cast<char>(length)};
}
std::string framed(const std::string& frame) { return prefix(frame.size()) + frame; }

/// A backend, and the end of the socket that passt has.
struct Stream {
  UniqueFd peer;
  std::unique_ptr<FrameStream> stream;
  std::vector<std::byte> buffer = std::vector<std::byte>(max_frame_bytes);

  Stream() {
    ::signal(SIGPIPE, SIG_IGN);  // as the VMM does
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
      throw std::runtime_error("socketpair");
    peer.reset(pair[1]);
    stream = FrameStream::create(UniqueFd(pair[0])).value();
  }
  void give(const std::string& bytes) const {
    REQUIRE(::send(peer.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  /// All that the peer has been sent.
  [[nodiscard]] std::string take() const {
    std::string bytes(1 << 20, '\0');
    const auto count = ::recv(peer.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }
  /// The next frame without its header; "nothing", or the error.
  std::string receive() {
    const auto size = stream->receive(buffer);
    if (!size) return size.error().message;
    if (*size == 0) return "nothing";
    for (std::size_t i = 0; i < sizeof(NetHeader); ++i) CHECK(buffer[i] == std::byte{0});
    const auto* const text = reinterpret_cast<const char*>(buffer.data());
    return {text + sizeof(NetHeader), *size - sizeof(NetHeader)};
  }
  /// Sends a frame that lies in these parts, the header in front of it included.
  Result<NetBackend::Sent> send(std::vector<std::string> parts) const {
    std::vector<iovec> slices;
    for (auto& part : parts) slices.push_back({.iov_base = part.data(), .iov_len = part.size()});
    return stream->send(slices);
  }
  [[nodiscard]] bool has_ended() const {
    pollfd end{.fd = stream->end_event(), .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 0) == 1;
  }
};

const std::string header(sizeof(NetHeader), '\0');

bool is_whole(const Result<NetBackend::Sent>& sent) { return sent && *sent == NetBackend::Sent::whole; }

/// A guest that has this as its network, and has started it.
struct GuestNet {
  FakeMachine machine;
  FakeQueue input{machine.memory, 0x10000, 64};
  FakeQueue output{machine.memory, 0x20000, 64};

  explicit GuestNet(std::unique_ptr<FrameStream> stream)
      : machine(Net::create(std::move(stream), "wan", {2, 0, 0, 0, 0, 7})) {
    machine.enable_pci();
    machine.negotiate(feature::event_index | feature::net_mergeable_buffers);
    machine.enable_queue(0, input);
    machine.enable_queue(1, output);
    machine.set_status(15);
    machine.run();
  }
};

}  // namespace

TEST_CASE("a frame goes with its length in front and without its virtio header", "[net]") {
  const Stream test;
  CHECK(is_whole(test.send({header + "dst", "src payload"})));
  CHECK(test.take() == framed("dstsrc payload"));
  SECTION("wherever the parts of the header lie") {
    CHECK(is_whole(test.send({std::string(5, '\1'), std::string(7, '\1'), "", "abc"})));
    CHECK(test.take() == framed("abc"));
    CHECK(is_whole(test.send({std::string(12, '\1') + "a", "bc"})));
    CHECK(test.take() == framed("abc"));
  }
  SECTION("but one without anything behind the header does not") {
    CHECK_FALSE(test.send({header}));
    CHECK_FALSE(test.send({"short"}));
    CHECK(test.take().empty());
    CHECK_FALSE(test.has_ended());
  }
}

TEST_CASE("frames come one by one, however the socket cuts them", "[net]") {
  Stream test;
  CHECK(test.receive() == "nothing");
  test.give(framed("one") + framed("two") + prefix(5) + "th");
  CHECK(test.receive() == "one");
  CHECK(test.receive() == "two");
  CHECK(test.receive() == "nothing");
  test.give("ree" + framed("four").substr(0, 2));
  CHECK(test.receive() == "three");
  CHECK(test.receive() == "nothing");
  test.give(framed("four").substr(2));
  CHECK(test.receive() == "four");
  const std::string longest(FrameStream::max_length, 'x');
  test.give(framed(longest));
  CHECK((test.receive() == longest));
  CHECK_FALSE(test.has_ended());
}

TEST_CASE("a frame that the socket takes in part is finished before another one begins", "[net]") {
  Stream test;
  int buffer = 4096;
  REQUIRE(::setsockopt(test.stream->fd(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)) == 0);
  std::string sent;
  std::string seen;
  unsigned refused = 0;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    std::string frame(20'000, letter);
    frame += letter;
    while (test.send({header + frame}).value() == NetBackend::Sent::blocked) {
      ++refused;
      seen += test.take();
    }
    // What it was given is no longer its own: the guest may write there.
    std::ranges::fill(frame, '!');
    sent += framed(std::string(20'001, letter));
  }
  while (seen.size() < sent.size()) {
    static_cast<void>(test.stream->flush().value());
    const auto more = test.take();
    REQUIRE_FALSE(more.empty());
    seen += more;
  }
  CHECK(refused > 0);
  CHECK((seen == sent));
  CHECK(is_whole(test.stream->flush()));
}

TEST_CASE("hostile: a length that no frame has ends the link, and nothing is allocated for it",
          "[net][hostile]") {
  for (const std::size_t length :
       {std::size_t{0}, FrameStream::max_length + 1, std::size_t{0x7fff'ffff}, std::size_t{0xffff'ffff}}) {
    Stream test;
    test.give(framed("before") + prefix(length) + "rest");
    CHECK(test.receive() == "before");
    CHECK_THAT(test.receive(), ContainsSubstring("sent a frame of " + std::to_string(length) + " bytes"));
    CHECK(test.has_ended());
    // Nothing goes any more, and nobody is told again.
    test.give(framed("after"));
    CHECK(test.receive() == "nothing");
    CHECK(is_whole(test.send({header + "lost"})));
    CHECK(test.take().empty());
  }
}

TEST_CASE("hostile: a peer that goes away in the middle of a frame ends the link", "[net][hostile]") {
  Stream test;
  SECTION("its own") {
    test.give(prefix(100) + "part");
    test.peer.reset();
    CHECK_THAT(test.receive(), ContainsSubstring("is gone"));
  }
  SECTION("or ours") {
    test.peer.reset();
    CHECK_THAT(test.send({header + "frame"}).error().message, ContainsSubstring("is gone"));
  }
  CHECK(test.has_ended());
}

TEST_CASE("the guest sees that the link is down once passt is gone", "[net]") {
  Stream test;
  GuestNet guest(std::move(test.stream));
  auto& [machine, input, output] = guest;
  input.add({writable(0x40000, 1526)});
  machine.notify(0);
  machine.run();
  test.give(framed("hello"));
  machine.run();
  REQUIRE(input.used_index() == 1);
  CHECK(input.used(0).written == sizeof(NetHeader) + 5);
  CHECK(get_text(machine.memory, 0x40000 + sizeof(NetHeader), 5) == "hello");
  CHECK(machine.bar_read<std::uint16_t>(bar::device + 6) == net_link_up);

  test.peer.reset();
  machine.run();
  CHECK(machine.bar_read<std::uint16_t>(bar::device + 6) == 0);
  CHECK(machine.status() == 15);
  // What the driver still sends is taken, as by a cable that is not plugged in.
  output.add({readable(0x40000, 100)});
  machine.notify(1);
  machine.run();
  CHECK(output.used_index() == 1);
}

TEST_CASE("what is left of a frame goes once there is room, although the guest sends no other one", "[net]") {
  Stream test;
  int buffer = 4096;
  REQUIRE(::setsockopt(test.stream->fd(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer)) == 0);
  GuestNet guest(std::move(test.stream));
  auto& [machine, input, output] = guest;
  put_text(machine.memory, 0x40000, header + std::string(60'000, 'x'));
  output.add({readable(0x40000, 60'012)});
  machine.notify(1);
  machine.run();
  std::string seen;
  for (int i = 0; i < 100 && seen.size() < 60'004; ++i) {
    seen += test.take();
    machine.run();
  }
  CHECK((seen == framed(std::string(60'000, 'x'))));
  CHECK(output.used_index() == 1);
}
