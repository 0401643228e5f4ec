#include "vmm/control_channel.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

#include "policy/control_message.hpp"
#include "tests/unit/vmm/devices/line_recorder.hpp"

using namespace immure;
using namespace immure::vmm;
using policy::ControlKind;
using policy::ControlMessage;

namespace {

struct Fixture {
  Fixture() {
    std::array<int, 2> pair{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) == 0);
    vmm.reset(pair[0]);
    monitor.reset(pair[1]);
  }
  void ask(ControlKind kind) {
    const ControlMessage message{.header = policy::header_of<ControlMessage>(), .kind = kind, .result = 0};
    REQUIRE(::send(monitor.get(), &message, sizeof(message), 0) == sizeof(message));
  }
  std::optional<ControlMessage> answer() {
    ControlMessage message;
    if (::recv(monitor.get(), &message, sizeof(message), 0) != sizeof(message)) return std::nullopt;
    return message;
  }
  UniqueFd vmm;
  UniqueFd monitor;
  Ending ending = Ending::create().value();
  test::LineRecorder line;
  Power power{ending, line};
};

}  // namespace

TEST_CASE("control channel: a press of the button reaches the guest and is answered", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power);
  f.ask(ControlKind::power_button);
  CHECK(channel.serve() == ControlChannel::State::open);
  CHECK(f.line.level == LineLevel::high);
  REQUIRE(f.answer());
}

TEST_CASE("control channel: an unknown request is answered with ENOSYS", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power);
  f.ask(ControlKind{77});
  CHECK(channel.serve() == ControlChannel::State::open);
  CHECK(f.answer()->result == ENOSYS);
}

TEST_CASE("control channel: malformed messages are dropped, and the next one is served", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power);
  const ControlMessage wrong{};
  REQUIRE(::send(f.monitor.get(), &wrong, sizeof(wrong), 0) > 0);
  REQUIRE(::send(f.monitor.get(), "x", 1, 0) > 0);
  REQUIRE(::send(f.monitor.get(), std::array<char, 4096>{}.data(), 4096, 0) > 0);
  f.ask(ControlKind::ping);
  CHECK(channel.serve() == ControlChannel::State::open);
  REQUIRE(f.answer());
  CHECK_FALSE(f.answer());
}

TEST_CASE("control channel: a monitor that is gone closes it", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power);
  f.monitor.reset();
  CHECK(channel.serve() == ControlChannel::State::closed);
}
