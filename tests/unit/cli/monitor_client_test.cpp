#include "cli/console/monitor_client.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

using namespace immure;
using namespace immure::cli;
using policy::MonitorKind;
using policy::MonitorMessage;

namespace {

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
    client.emplace(UniqueFd(fds[0]));
    monitor = UniqueFd(fds[1]);
  }
  void send(const MonitorMessage& message, std::size_t size = sizeof(MonitorMessage)) const {
    REQUIRE(::send(monitor.get(), &message, size, 0) == static_cast<ssize_t>(size));
  }
  std::optional<MonitorClient> client;
  UniqueFd monitor;
};

}  // namespace

TEST_CASE("a monitor's message is checked before it is used", "[cli]") {
  const Pair pair;
  MonitorMessage message{.header = policy::header_of<MonitorMessage>(), .kind = MonitorKind::console_data};
  SECTION("a good one arrives") {
    message.length = 2;
    message.data[0] = 'h';
    message.data[1] = 'i';
    pair.send(message);
    auto client = MonitorClient(UniqueFd(::dup(pair.client->fd())));
    const auto received = client.receive();
    REQUIRE(received);
    REQUIRE(*received);
    CHECK(text_of(**received) == "hi");
  }
  SECTION("a wrong header is an error") {
    message.header.version = 99;
    pair.send(message);
    CHECK_FALSE(MonitorClient(UniqueFd(::dup(pair.client->fd()))).receive());
  }
  SECTION("a length beyond the data is an error") {
    message.length = 4097;
    pair.send(message);
    CHECK_FALSE(MonitorClient(UniqueFd(::dup(pair.client->fd()))).receive());
  }
  SECTION("a short datagram is an error") {
    pair.send(message, 8);
    CHECK_FALSE(MonitorClient(UniqueFd(::dup(pair.client->fd()))).receive());
  }
}

TEST_CASE("a monitor that is gone is the end, not an error", "[cli]") {
  Pair pair;
  pair.monitor.reset();
  const auto received = pair.client->receive();
  REQUIRE(received);
  CHECK_FALSE(received->has_value());
}

TEST_CASE("a monitor that does not answer is given up", "[cli]") {
  Pair pair;
  const auto received = pair.client->receive_within(std::chrono::milliseconds(10));
  REQUIRE_FALSE(received);
  CHECK(received.error().message.contains("does not answer"));
}

TEST_CASE("a name that is no guest name is not connected to", "[cli]") {
  const auto client = MonitorClient::connect("../../etc");
  REQUIRE_FALSE(client);
  CHECK(client.error().code == ExitCode::usage);
}
