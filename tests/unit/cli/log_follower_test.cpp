#include "cli/console/log_follower.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

using namespace immure;
using namespace immure::cli;
using policy::MonitorKind;
using policy::MonitorMessage;

namespace {

/// A follower with the test as its monitor.
struct Fixture {
  Fixture() {
    std::array<int, 2> fds{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
    follower.emplace(MonitorClient(UniqueFd(fds[0])));
    monitor = UniqueFd(fds[1]);
  }
  void say(MonitorKind kind, std::string_view text) {
    MonitorMessage message{.header = policy::header_of<MonitorMessage>(), .kind = kind};
    std::ranges::copy(text, message.data.begin());
    message.length = static_cast<std::uint32_t>(text.size());
    REQUIRE(::send(monitor.get(), &message, sizeof message, 0) == sizeof message);
    follower->serve();
  }
  std::optional<LogFollower> follower;
  UniqueFd monitor;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("the last lines of a VMM's log are kept, however its bytes were cut", "[cli]") {
  Fixture fixture;
  fixture.say(MonitorKind::console_data, "block: request bey");
  fixture.say(MonitorKind::console_data, "ond the end\ntriple fault\n");
  CHECK(fixture.follower->last_lines() == Lines{"block: request beyond the end", "triple fault"});
}

TEST_CASE("a log without end is kept in bounded memory, the newest of it", "[cli]") {
  Fixture fixture;
  for (int i = 0; i < 2000; ++i) fixture.say(MonitorKind::console_data, "line " + std::to_string(i) + "\n");
  const auto lines = fixture.follower->last_lines();
  REQUIRE(lines.size() == LogFollower::kept_lines);
  CHECK(lines.front() == "line 1990");
  CHECK(lines.back() == "line 1999");
  fixture.say(MonitorKind::console_data, std::string(LogFollower::kept_bytes, 'x'));
  CHECK(fixture.follower->last_lines() == Lines{std::string(LogFollower::kept_bytes, 'x')});
}

TEST_CASE("what a VMM logs does not drive the terminal", "[cli]") {
  Fixture fixture;
  fixture.say(MonitorKind::console_data, "\x1b[2Jgone\n");
  CHECK(fixture.follower->last_lines() == Lines{"?[2Jgone"});
}

TEST_CASE("a follower waits no longer once the monitor is gone", "[cli]") {
  Fixture fixture;
  SECTION("it says so") { fixture.say(MonitorKind::closed, ""); }
  SECTION("it is disconnected") {
    fixture.monitor.reset();
    fixture.follower->serve();
  }
  SECTION("it does not speak the protocol") {
    REQUIRE(::send(fixture.monitor.get(), "x", 1, 0) == 1);
    fixture.follower->serve();
  }
  CHECK(fixture.follower->fd() == -1);
}
