#include "vmm/control_channel.hpp"

#include <array>
#include <cstring>

#include <catch2/catch_test_macros.hpp>
#include <sys/socket.h>

#include "policy/control_message.hpp"
#include "tests/unit/vmm/devices/line_recorder.hpp"

using namespace immure;
using namespace immure::vmm;
using policy::ControlKind;
using policy::ControlMessage;

namespace {

/// Of a machine without devices that could be limited.
bool no_limits(std::string_view /*device*/, const policy::RateLimit& /*limit*/) { return false; }

policy::StatisticsMessage no_statistics() {
  return {.header = policy::header_of<policy::StatisticsMessage>()};
}

struct Fixture {
  Fixture() {
    std::array<int, 2> pair{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) == 0);
    vmm.reset(pair[0]);
    monitor.reset(pair[1]);
  }
  void ask(ControlKind kind, std::uint64_t value = 0) {
    const ControlMessage message{.header = policy::header_of<ControlMessage>(),
                                 .kind = kind,
                                 .result = 0,
                                 .token = 77,
                                 .value = value};
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
  ControlChannel channel(f.vmm.get(), f.power, nullptr, no_limits, no_statistics);
  f.ask(ControlKind::power_button);
  CHECK(channel.serve() == ControlChannel::State::open);
  CHECK(f.line.level == LineLevel::high);
  const auto answer = f.answer();
  REQUIRE(answer);
  CHECK(answer->token == 77);
}

TEST_CASE("control channel: a reset ends this VMM, and is answered before", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power, nullptr, no_limits, no_statistics);
  CHECK_FALSE(f.ending.requested());
  f.ask(ControlKind::reset);
  CHECK(channel.serve() == ControlChannel::State::open);
  CHECK(f.answer()->result == 0);
  REQUIRE(f.ending.requested());
  CHECK(f.ending.requested()->status == policy::VmmExit::guest_reset);
  CHECK(f.ending.requested()->cause == policy::EndCause::reset);
}

TEST_CASE("control channel: a balloon is asked where there is one", "[vmm]") {
  Fixture f;
  const auto memory = GuestMemory::create(2 << 20).value();
  const auto balloon = virtio::Balloon::create(memory).value();
  ControlChannel without(f.vmm.get(), f.power, nullptr, no_limits, no_statistics);
  f.ask(ControlKind::balloon, 8192);
  CHECK(without.serve() == ControlChannel::State::open);
  CHECK(f.answer()->result == ENODEV);
  ControlChannel channel(f.vmm.get(), f.power, balloon.get(), no_limits, no_statistics);
  f.ask(ControlKind::balloon, 8192);
  CHECK(channel.serve() == ControlChannel::State::open);
  CHECK(f.answer()->result == 0);
  balloon->refresh_config();
  CHECK(std::to_integer<int>(balloon->config()[0]) == 2);
}

TEST_CASE("control channel: an unknown request is answered with ENOSYS", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power, nullptr, no_limits, no_statistics);
  f.ask(ControlKind{77});
  CHECK(channel.serve() == ControlChannel::State::open);
  CHECK(f.answer()->result == ENOSYS);
}

TEST_CASE("control channel: malformed messages are dropped, and the next one is served", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power, nullptr, no_limits, no_statistics);
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
  ControlChannel channel(f.vmm.get(), f.power, nullptr, no_limits, no_statistics);
  f.monitor.reset();
  CHECK(channel.serve() == ControlChannel::State::closed);
}

TEST_CASE("control channel: a limit reaches the device that it names, once it was checked", "[vmm]") {
  Fixture f;
  std::string changed;
  policy::RateLimit last;
  ControlChannel channel(
      f.vmm.get(), f.power, nullptr,
      [&](std::string_view device, const policy::RateLimit& limit) {
        changed = device;
        last = limit;
        return device == "disk root";
      },
      no_statistics);
  ControlMessage message{.header = policy::header_of<ControlMessage>(), .kind = ControlKind::limit};
  const auto ask = [&](std::string_view device, const policy::RateLimit& limit) {
    message.limit = {.device = BoundedString<32>::from(device, "device").value(), .limit = limit};
    REQUIRE(::send(f.monitor.get(), &message, sizeof(message), 0) == sizeof(message));
    CHECK(channel.serve() == ControlChannel::State::open);
    return f.answer()->result;
  };
  CHECK(ask("disk root", {.bytes_per_second = 4096}) == 0);
  CHECK(changed == "disk root");
  CHECK(last == policy::RateLimit{.bytes_per_second = 4096});
  CHECK(ask("disk none", {}) == ENODEV);
  changed.clear();
  CHECK(ask("disk root", {.bytes_per_second = 1}) == EINVAL);
  CHECK(ask("disk root", {.operations_burst = 1}) == EINVAL);
  std::memset(static_cast<void*>(&message.limit.device), 'x', sizeof(message.limit.device));
  REQUIRE(::send(f.monitor.get(), &message, sizeof(message), 0) == sizeof(message));
  CHECK(channel.serve() == ControlChannel::State::open);
  CHECK(f.answer()->result == EINVAL);
  CHECK(changed.empty());
}

TEST_CASE("control channel: statistics are answered with their own message, under the request's token",
          "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power, nullptr, no_limits, [] {
    auto statistics = no_statistics();
    statistics.disk_count = 1;
    statistics.disks[0].reads = 42;
    return statistics;
  });
  f.ask(ControlKind::statistics);
  CHECK(channel.serve() == ControlChannel::State::open);
  policy::StatisticsMessage answer;
  REQUIRE(::recv(f.monitor.get(), &answer, sizeof(answer), MSG_TRUNC) == sizeof(answer));
  CHECK(policy::check(answer));
  CHECK(answer.token == 77);
  CHECK(answer.disks[0].reads == 42);
}

TEST_CASE("control channel: beginning and end are told unasked, and not waited for", "[vmm]") {
  Fixture f;
  ControlChannel channel(f.vmm.get(), f.power, nullptr, no_limits, no_statistics);
  channel.tell(ControlKind::ended, 3);
  const auto told = f.answer();
  REQUIRE(told);
  CHECK(told->kind == ControlKind::ended);
  CHECK(told->value == 3);
  CHECK(told->token == 0);
  for (int i = 0; i < 10'000; ++i) channel.tell(ControlKind::started);  // nobody reads
}
