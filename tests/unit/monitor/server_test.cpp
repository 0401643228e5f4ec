#include "monitor/server.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/io.hpp"

using namespace immure;
using namespace immure::monitor;
using policy::MonitorKind;
using policy::MonitorMessage;

namespace {

std::pair<UniqueFd, UniqueFd> socket_pair(int type) {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// The server in a thread, the test at the other end of every connection: as the VMM and as clients.
class Fixture {
 public:
  Fixture() {
    std::array<int, 2> log{};
    REQUIRE(::pipe2(log.data(), O_CLOEXEC) == 0);
    vmm_log = UniqueFd(log[1]);
    auto [console, their_console] = socket_pair(SOCK_STREAM);
    auto [control, their_control] = socket_pair(SOCK_SEQPACKET);
    vmm_console = std::move(console);
    vmm_control = std::move(control);
    UniqueFd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    // Autobind gives an abstract address (unix(7)): no file to remove.
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    REQUIRE(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)) == 0);
    REQUIRE(::listen(listener.get(), 16) == 0);
    address_size_ = sizeof address_;
    REQUIRE(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address_), &address_size_) == 0);
    thread_ =
        std::thread([link = VmmLink(UniqueFd(log[0]), std::move(their_console), std::move(their_control)),
                     socket = std::move(listener)]() mutable {
          (void)Server(std::move(link), std::move(socket), ::getuid()).run();
        });
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture() { end_vmm(); }

  void end_vmm() {
    vmm_console.reset();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] UniqueFd connect() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address_), address_size_) == 0);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    REQUIRE(::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    return fd;
  }

  UniqueFd vmm_log;
  UniqueFd vmm_console;
  UniqueFd vmm_control;

 private:
  sockaddr_un address_{};
  socklen_t address_size_ = 0;
  std::thread thread_;
};

void say(int fd, MonitorKind kind, std::string_view text = {}) {
  MonitorMessage message{.header = policy::header_of<MonitorMessage>(), .kind = kind};
  std::ranges::copy(text, message.data.begin());
  message.length = static_cast<std::uint32_t>(text.size());
  REQUIRE(::send(fd, &message, sizeof message, MSG_NOSIGNAL) == sizeof message);
}

std::optional<MonitorMessage> hear(int fd) {
  MonitorMessage message{};
  if (::recv(fd, &message, sizeof message, 0) != sizeof message) return std::nullopt;
  return message;
}

/// Console bytes until `count` have come or something else does.
std::string hear_bytes(int fd, std::size_t count) {
  std::string text;
  while (text.size() < count) {
    const auto message = hear(fd);
    if (!message || message->kind != MonitorKind::console_data) break;
    text.append(message->data.data(), message->length);
  }
  return text;
}

void write_text(int fd, std::string_view text) { REQUIRE(write_all(fd, std::as_bytes(std::span(text)))); }

UniqueFd attach(const Fixture& fixture) {
  auto client = fixture.connect();
  say(client.get(), MonitorKind::attach);
  const auto answer = hear(client.get());
  REQUIRE(answer);
  REQUIRE(answer->kind == MonitorKind::attached);
  return client;
}

/// Returns once the other end has read everything that was written (SIOCOUTQ, tcp(7), holds for AF_UNIX too).
void wait_until_read(int socket) {
  int unread = 1;
  for (int tries = 0; unread != 0 && tries < 10'000; ++tries) {
    REQUIRE(::ioctl(socket, SIOCOUTQ, &unread) == 0);
    (void)::poll(nullptr, 0, 1);
  }
  REQUIRE(unread == 0);
}

}  // namespace

TEST_CASE("a client gets the backlog, then what comes live", "[monitor]") {
  Fixture fixture;
  write_text(fixture.vmm_console.get(), "before");
  const auto client = attach(fixture);
  CHECK(hear_bytes(client.get(), 6) == "before");
  write_text(fixture.vmm_console.get(), "live");
  CHECK(hear_bytes(client.get(), 4) == "live");
}

TEST_CASE("what an attached client types reaches the guest", "[monitor]") {
  Fixture fixture;
  const auto client = attach(fixture);
  say(client.get(), MonitorKind::console_data, "root\n");
  std::array<std::byte, 5> input{};
  REQUIRE(read_exactly(fixture.vmm_console.get(), input));
  CHECK(static_cast<char>(input[4]) == '\n');
}

TEST_CASE("a guest that writes without a client never blocks, and the newest output is kept", "[monitor]") {
  Fixture fixture;
  const std::string line(1 << 20, 'x');
  write_text(fixture.vmm_console.get(), line);
  write_text(fixture.vmm_console.get(), "END");
  // What the monitor has not read yet would reach the client live, behind the backlog.
  wait_until_read(fixture.vmm_console.get());
  std::string text;
  const auto client = attach(fixture);
  while (!text.ends_with("END")) {
    const auto more = hear_bytes(client.get(), 1);
    REQUIRE_FALSE(more.empty());
    text += more;
  }
  CHECK(text.size() <= backlog_bytes + 3);
}

TEST_CASE("a client that does not read holds up neither the guest nor another client", "[monitor]") {
  Fixture fixture;
  const auto silent = attach(fixture);
  const auto reader = attach(fixture);
  const std::string chunk(4096, 'y');
  for (int i = 0; i < 512; ++i) {
    write_text(fixture.vmm_console.get(), chunk);
    REQUIRE_FALSE(hear_bytes(reader.get(), 1).empty());
  }
}

TEST_CASE("the VMM's log lines are read back, then done", "[monitor]") {
  Fixture fixture;
  write_text(fixture.vmm_log.get(), "block: request beyond the end\n");
  const auto client = fixture.connect();
  // The line is there once the monitor was idle in between: asked for until it shows.
  std::string log;
  while (log.empty()) {
    say(client.get(), MonitorKind::read_log);
    for (auto message = hear(client.get()); message && message->kind != MonitorKind::done;
         message = hear(client.get())) {
      log.append(message->data.data(), message->length);
    }
  }
  CHECK(log == "block: request beyond the end\n");
}

TEST_CASE("when the VMM ends, clients get its last words, then closed, and the monitor ends", "[monitor]") {
  Fixture fixture;
  const auto client = attach(fixture);
  write_text(fixture.vmm_console.get(), "reboot: Power down");
  fixture.end_vmm();
  CHECK(hear_bytes(client.get(), 18) == "reboot: Power down");
  const auto last = hear(client.get());
  REQUIRE(last);
  CHECK(last->kind == MonitorKind::closed);
  CHECK_FALSE(hear(client.get()));
}

TEST_CASE("a client that breaks the protocol is disconnected and the others are served", "[monitor]") {
  Fixture fixture;
  const auto good = attach(fixture);
  const auto bad = fixture.connect();
  SECTION("a short datagram") { REQUIRE(::send(bad.get(), "x", 1, MSG_NOSIGNAL) == 1); }
  SECTION("a wrong header") {
    const MonitorMessage message{};
    REQUIRE(::send(bad.get(), &message, sizeof message, MSG_NOSIGNAL) == sizeof message);
  }
  SECTION("a length beyond the data") {
    const MonitorMessage message{
        .header = policy::header_of<MonitorMessage>(), .kind = MonitorKind::console_data, .length = 4097};
    REQUIRE(::send(bad.get(), &message, sizeof message, MSG_NOSIGNAL) == sizeof message);
  }
  SECTION("input without attach") { say(bad.get(), MonitorKind::console_data, "x"); }
  SECTION("a message that only the monitor may send") { say(bad.get(), MonitorKind::closed); }
  CHECK_FALSE(hear(bad.get()));
  write_text(fixture.vmm_console.get(), "still here");
  CHECK(hear_bytes(good.get(), 10) == "still here");
}

TEST_CASE("no more than the cap of clients are served at once", "[monitor]") {
  Fixture fixture;
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < max_clients; ++i) clients.push_back(attach(fixture));
  auto waiting = fixture.connect();
  say(waiting.get(), MonitorKind::attach);
  MonitorMessage message{};
  CHECK(::recv(waiting.get(), &message, sizeof message, MSG_DONTWAIT) < 0);
  clients.pop_back();
  CHECK(hear(waiting.get()));
}

TEST_CASE("a client that follows the log gets what is there, what comes, and the end", "[monitor]") {
  Fixture fixture;
  write_text(fixture.vmm_log.get(), "first\n");
  const auto client = fixture.connect();
  say(client.get(), MonitorKind::follow_log);
  CHECK(hear_bytes(client.get(), 6) == "first\n");
  write_text(fixture.vmm_log.get(), "second\n");
  CHECK(hear_bytes(client.get(), 7) == "second\n");
  // Said in the same moment in which the VMM ends.
  write_text(fixture.vmm_log.get(), "a triple fault\n");
  fixture.end_vmm();
  CHECK(hear_bytes(client.get(), 15) == "a triple fault\n");
  const auto last = hear(client.get());
  REQUIRE(last);
  CHECK(last->kind == MonitorKind::closed);
}

TEST_CASE("a client reads one stream at a time", "[monitor]") {
  Fixture fixture;
  const auto client = fixture.connect();
  say(client.get(), MonitorKind::follow_log);
  say(client.get(), MonitorKind::read_log);
  const auto answer = hear(client.get());
  REQUIRE(answer);
  CHECK(answer->kind == MonitorKind::done);
  CHECK(answer->result == EBUSY);
}
