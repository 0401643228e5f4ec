#include "monitor/vsock_hub.hpp"

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace immure;
using namespace immure::monitor;
using policy::VsockFrame;
using policy::VsockOp;

namespace {

/// The hub between programs of the host and a VMM, both played by the test. Everything runs in one thread.
class Fixture {
 public:
  explicit Fixture(uid_t owner = ::getuid()) {
    std::array<int, 2> pair{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) == 0);
    vmm = UniqueFd(pair[0]);
    UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) == 0);
    REQUIRE(::listen(listener.get(), 128) == 0);
    size_ = sizeof address_;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address_), &size_) == 0);
    hub_.emplace(UniqueFd(pair[1]), std::move(listener), owner);
  }

  /// A program that has connected, and said this.
  UniqueFd program(const std::string& line) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address_), size_) == 0);
    say(fd, line);
    return fd;
  }
  static void say(const UniqueFd& fd, const std::string& text) {
    REQUIRE(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  /// What a program reads now; "EOF" at its end.
  std::string hear(const UniqueFd& fd) {
    turn();
    std::string text(1 << 20, '\0');
    const auto count = ::recv(fd.get(), text.data(), text.size(), 0);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) return "EOF";
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }
  void tell(const VsockFrame& frame, const std::string& data = "") {
    const auto bytes = std::string(reinterpret_cast<const char*>(&frame), sizeof frame) + data;
    REQUIRE(::send(vmm.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    turn();
  }
  /// The next frame that the VMM is sent; op 0 where there is none.
  VsockFrame frame(std::string* data = nullptr) {
    turn();
    std::array<char, 1 << 15> bytes{};
    const auto count = ::recv(vmm.get(), bytes.data(), bytes.size(), 0);
    VsockFrame out;
    if (count < static_cast<ssize_t>(sizeof out)) return out;
    std::memcpy(&out, bytes.data(), sizeof out);
    if (data != nullptr) data->assign(bytes.data() + sizeof out, bytes.data() + count);
    return out;
  }
  /// Some turns of the server's loop.
  void turn() {
    for (int i = 0; i < 8; ++i) {
      polled_.clear();
      hub_->collect(polled_);
      (void)::poll(polled_.data(), polled_.size(), 0);
      hub_->serve(polled_);
    }
  }
  /// Whether poll(2) returns at once although there is nothing to do: a loop that would never sleep.
  bool spins() {
    turn();
    polled_.clear();
    hub_->collect(polled_);
    return ::poll(polled_.data(), polled_.size(), 0) > 0;
  }
  /// A program that is connected to port 22 of the guest, its answer read.
  UniqueFd connected() {
    auto fd = program("CONNECT 22\n");
    const auto open = frame();
    REQUIRE(open.op == VsockOp::open);
    host_port = open.host_port;
    tell({.op = VsockOp::opened, .host_port = host_port, .guest_port = 22});
    CHECK(hear(fd) == "OK " + std::to_string(host_port) + "\n");
    return fd;
  }

  UniqueFd vmm;
  std::uint32_t host_port = 0;

 private:
  sockaddr_un address_{};
  socklen_t size_ = 0;
  std::optional<VsockHub> hub_;
  std::vector<pollfd> polled_;
};

}  // namespace

TEST_CASE("vsock hub: a program connects to a port of the guest", "[monitor]") {
  Fixture f;
  const auto program = f.program("CONNECT 22\n");
  const auto open = f.frame();
  CHECK(open.op == VsockOp::open);
  CHECK(open.guest_port == 22);
  CHECK(open.host_port >= policy::first_vsock_host_port);
  CHECK(f.hear(program).empty());
  f.tell({.op = VsockOp::opened, .host_port = open.host_port, .guest_port = 22});
  CHECK(f.hear(program) == "OK " + std::to_string(open.host_port) + "\n");
}

TEST_CASE("vsock hub: a connection that the guest refuses is closed", "[monitor]") {
  Fixture f;
  const auto program = f.program("CONNECT 22\n");
  const auto open = f.frame();
  f.tell({.op = VsockOp::close, .host_port = open.host_port, .guest_port = 22});
  CHECK(f.hear(program) == "EOF");
}

TEST_CASE("vsock hub: who accepts at a port gets the guest's connections, first come, first served",
          "[monitor]") {
  Fixture f;
  const auto first = f.program("ACCEPT 1000\n");
  f.turn();
  const auto second = f.program("ACCEPT 1000\n");
  f.turn();
  f.tell({.op = VsockOp::open, .host_port = 1000, .guest_port = 7});
  CHECK(f.frame().op == VsockOp::opened);
  CHECK(f.hear(first) == "OK 7\n");
  CHECK(f.hear(second).empty());
  f.tell({.op = VsockOp::open, .host_port = 1000, .guest_port = 8});
  CHECK(f.hear(second) == "OK 8\n");
  CHECK(f.frame().op == VsockOp::opened);
  f.tell({.op = VsockOp::open, .host_port = 1000, .guest_port = 9});
  CHECK(f.frame() == VsockFrame{.op = VsockOp::close, .host_port = 1000, .guest_port = 9, .value = 0});
}

TEST_CASE("vsock hub: bytes go both ways, as far as the guest has credit", "[monitor]") {
  Fixture f;
  const auto program = f.connected();
  Fixture::say(program, "hello");
  CHECK(f.frame().op == VsockOp{});
  f.tell({.op = VsockOp::credit, .host_port = f.host_port, .guest_port = 22, .value = 3});
  std::string data;
  CHECK(f.frame(&data).op == VsockOp::data);
  CHECK(data == "hel");
  f.tell({.op = VsockOp::credit, .host_port = f.host_port, .guest_port = 22, .value = 100});
  CHECK(f.frame(&data).op == VsockOp::data);
  CHECK(data == "lo");

  f.tell({.op = VsockOp::data, .host_port = f.host_port, .guest_port = 22, .value = 5}, "world");
  CHECK(f.hear(program) == "world");
  const auto credit = f.frame();
  CHECK(credit.op == VsockOp::credit);
  CHECK(credit.value == 5);
}

TEST_CASE("vsock hub: nothing is lost while the VMM does not read", "[monitor]") {
  Fixture f;
  const auto program = f.connected();
  f.tell({.op = VsockOp::credit, .host_port = f.host_port, .guest_port = 22, .value = 100'000'000});
  std::string sent;
  std::string received;
  while (sent.size() < 2'000'000) {
    const std::string text(10'000, static_cast<char>('a' + sent.size() / 10'000 % 26));
    const auto count = ::send(program.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (count > 0) sent += text.substr(0, static_cast<std::size_t>(count));
    if (count > 0) continue;
    f.turn();
    std::string data;
    if (f.frame(&data).op == VsockOp::data) received += data;
  }
  for (std::string data; f.frame(&data).op == VsockOp::data;) received += data;
  CHECK(received == sent);
}

TEST_CASE("vsock hub: what the guest sent before it closed is delivered", "[monitor]") {
  Fixture f;
  const auto program = f.connected();
  f.tell({.op = VsockOp::data, .host_port = f.host_port, .guest_port = 22, .value = 4}, "last");
  f.tell({.op = VsockOp::close, .host_port = f.host_port, .guest_port = 22});
  CHECK(f.hear(program) == "last");
  CHECK(f.hear(program) == "EOF");
}

TEST_CASE("vsock hub: a guest that sends no more is the program's end of file, and its answer still goes",
          "[monitor]") {
  Fixture f;
  const auto program = f.connected();
  f.tell({.op = VsockOp::credit, .host_port = f.host_port, .guest_port = 22, .value = 100});
  f.tell(
      {.op = VsockOp::shutdown, .host_port = f.host_port, .guest_port = 22, .value = policy::vsock_no_send});
  CHECK(f.hear(program) == "EOF");
  Fixture::say(program, "answer");
  std::string data;
  CHECK(f.frame(&data).op == VsockOp::data);
  CHECK(data == "answer");
}

TEST_CASE("vsock hub: a program that ends says so after its last bytes, and the loop sleeps", "[monitor]") {
  Fixture f;
  auto program = f.connected();
  Fixture::say(program, "bye");
  program.reset();
  CHECK_FALSE(f.spins());  // no credit: the bytes have to wait, without turning in circles
  f.tell({.op = VsockOp::credit, .host_port = f.host_port, .guest_port = 22, .value = 100});
  std::string data;
  CHECK(f.frame(&data).op == VsockOp::data);
  CHECK(data == "bye");
  CHECK(f.frame().op == VsockOp::shutdown);
  CHECK(f.frame().op == VsockOp::close);
  CHECK_FALSE(f.spins());
}

TEST_CASE("vsock hub: a guest that reboots loses its connections, those who wait for it go on", "[monitor]") {
  Fixture f;
  const auto waits = f.program("ACCEPT 1000\n");
  f.turn();
  const auto connected = f.connected();
  f.tell({.op = VsockOp::reset});
  CHECK(f.hear(connected) == "EOF");
  f.tell({.op = VsockOp::open, .host_port = 1000, .guest_port = 7});
  CHECK(f.hear(waits) == "OK 7\n");
}

TEST_CASE("vsock hub hostile: a program that says anything else is closed", "[monitor][hostile]") {
  Fixture f;
  for (const auto* line :
       {"CONNECT\n", "CONNECT x\n", "CONNECT 22 \n", "CONNECT 4294967296\n", "CONNECT -1\n", "connect 22\n",
        "\n", "ACCEPT 1 2\n", "GET / HTTP/1.1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    const auto program = f.program(line);
    CHECK(f.hear(program) == "EOF");
  }
  CHECK(f.frame().op == VsockOp{});
}

TEST_CASE("vsock hub hostile: a VMM that sends more than the window loses the connection, not memory",
          "[monitor][hostile]") {
  Fixture f;
  const auto program = f.connected();
  // The program does not read: its socket fills, then the window.
  VsockFrame frame{.op = VsockOp::data, .host_port = f.host_port, .guest_port = 22, .value = 16'384};
  bool closed = false;
  for (int i = 0; i < 200 && !closed; ++i) {
    f.tell(frame, std::string(16'384, 'x'));
    for (auto got = f.frame(); got.op != VsockOp{}; got = f.frame())
      closed = closed || got.op == VsockOp::close;
  }
  CHECK(closed);
}

TEST_CASE("vsock hub hostile: frames of no connection, of a wrong size or kind", "[monitor][hostile]") {
  Fixture f;
  const auto program = f.connected();
  REQUIRE(::send(f.vmm.get(), "x", 1, 0) == 1);
  f.tell({.op = VsockOp::data, .host_port = f.host_port, .guest_port = 22, .value = 9}, "short");
  f.tell({.op = VsockOp::credit, .host_port = f.host_port, .guest_port = 22, .value = 0}, "data");
  f.tell({.op = VsockOp::close, .host_port = 1, .guest_port = 1});
  CHECK(f.frame().op == VsockOp{});
  f.tell({.op = VsockOp::data, .host_port = 1, .guest_port = 1, .value = 1}, "x");
  CHECK(f.frame().op == VsockOp::close);
  f.tell({.op = VsockOp::opened, .host_port = f.host_port, .guest_port = 22});  // once too often
  CHECK(f.hear(program) == "EOF");
}

TEST_CASE("vsock hub hostile: programs beyond the limit wait for a place", "[monitor][hostile]") {
  Fixture f;
  std::vector<UniqueFd> programs;
  for (std::uint32_t i = 0; i < policy::max_vsock_connections + 8; ++i) {
    programs.push_back(f.program("ACCEPT " + std::to_string(i) + "\n"));
    f.turn();
  }
  const auto last = policy::max_vsock_connections + 7;
  f.tell({.op = VsockOp::open, .host_port = last, .guest_port = 1});
  CHECK(f.frame().op == VsockOp::close);
  for (int i = 0; i < 8; ++i) programs.erase(programs.begin());
  for (int i = 0; i < 8; ++i) f.turn();
  f.tell({.op = VsockOp::open, .host_port = last, .guest_port = 2});
  CHECK(f.hear(programs.back()) == "OK 2\n");
}
