#include "vmm/devices/watchdog.hpp"

#include <array>
#include <cstring>

#include <catch2/catch_test_macros.hpp>
#include <poll.h>
#include <sys/timerfd.h>

#include "base/io.hpp"

using namespace immure;
using namespace immure::vmm;

namespace {

struct Fixture {
  explicit Fixture(policy::VmmExit expiry = policy::VmmExit::guest_reset)
      : watchdog(Watchdog::create(ending, expiry).value()) {}

  template <typename T>
  void write(std::uint64_t offset, T value) {
    watchdog->write(offset, bytes_of(value));
  }
  template <typename T>
  T read(std::uint64_t offset) {
    T value{};
    watchdog->read(offset, writable_bytes_of(value));
    return value;
  }
  /// The timer fires now, as if that many seconds had passed.
  void pass_seconds(int count) {
    itimerspec old{};
    ::timerfd_gettime(watchdog->timer(), &old);
    for (int i = 0; i < count; ++i) {
      if (old.it_interval.tv_sec == 0) return;
      itimerspec soon = old;
      soon.it_value = {.tv_sec = 0, .tv_nsec = 1};
      ::timerfd_settime(watchdog->timer(), 0, &soon, nullptr);
      pollfd polled{.fd = watchdog->timer(), .events = POLLIN, .revents = 0};
      REQUIRE(::poll(&polled, 1, 5000) == 1);
      watchdog->tick();
    }
  }

  Ending ending = Ending::create().value();
  std::unique_ptr<Watchdog> watchdog;
};

}  // namespace

TEST_CASE("watchdog: it does nothing until it is started", "[devices]") {
  Fixture f;
  CHECK(f.read<std::uint8_t>(Watchdog::control_offset) == 0);
  pollfd polled{.fd = f.watchdog->timer(), .events = POLLIN, .revents = 0};
  CHECK(::poll(&polled, 1, 1200) == 0);
  f.watchdog->tick();
  CHECK_FALSE(f.ending.requested());
}

TEST_CASE("watchdog: a guest that does not kick it in time ends as was asked for", "[devices]") {
  for (const auto expiry : {policy::VmmExit::guest_reset, policy::VmmExit::guest_crashed}) {
    Fixture f(expiry);
    f.write<std::uint16_t>(Watchdog::timeout_offset, 3);
    f.write<std::uint8_t>(Watchdog::control_offset, 1);
    CHECK(f.read<std::uint8_t>(Watchdog::control_offset) == 1);
    f.pass_seconds(2);
    CHECK(f.read<std::uint16_t>(Watchdog::remaining_offset) == 1);
    CHECK_FALSE(f.ending.requested());
    f.pass_seconds(1);
    REQUIRE(f.ending.requested());
    CHECK(f.ending.requested()->status == expiry);
    CHECK(f.ending.requested()->cause == policy::EndCause::watchdog);
  }
}

TEST_CASE("watchdog: a kick, and a new timeout, start the time anew", "[devices]") {
  Fixture f;
  f.write<std::uint16_t>(Watchdog::timeout_offset, 2);
  f.write<std::uint8_t>(Watchdog::control_offset, 1);
  for (int i = 0; i < 5; ++i) {
    f.pass_seconds(1);
    f.write<std::uint8_t>(Watchdog::kick_offset, 1);
  }
  CHECK_FALSE(f.ending.requested());
  f.pass_seconds(1);
  f.write<std::uint16_t>(Watchdog::timeout_offset, 4);
  f.pass_seconds(3);
  CHECK_FALSE(f.ending.requested());
  f.pass_seconds(1);
  CHECK(f.ending.requested());
}

TEST_CASE("watchdog: once stopped it does not bite", "[devices]") {
  Fixture f;
  f.write<std::uint16_t>(Watchdog::timeout_offset, 1);
  f.write<std::uint8_t>(Watchdog::control_offset, 1);
  f.write<std::uint8_t>(Watchdog::control_offset, 0);
  f.pass_seconds(5);
  CHECK_FALSE(f.ending.requested());
}

TEST_CASE("watchdog: time in which the VMM did not run does not count", "[devices]") {
  Fixture f;
  f.write<std::uint16_t>(Watchdog::timeout_offset, 2);
  f.write<std::uint8_t>(Watchdog::control_offset, 1);
  // Many seconds of which the VMM saw nothing are one event.
  const itimerspec fast{.it_interval = {.tv_sec = 0, .tv_nsec = 1000},
                        .it_value = {.tv_sec = 0, .tv_nsec = 1000}};
  ::timerfd_settime(f.watchdog->timer(), 0, &fast, nullptr);
  ::usleep(1000);
  f.watchdog->tick();
  CHECK_FALSE(f.ending.requested());
  CHECK(f.read<std::uint16_t>(Watchdog::remaining_offset) == 1);
}

TEST_CASE("watchdog hostile: any access of any width to any register", "[devices][hostile]") {
  Fixture f;
  for (std::uint64_t offset = 0; offset < 8; ++offset) {
    f.write<std::uint8_t>(offset, 0xff);
    f.write<std::uint32_t>(offset, 0);
    f.write<std::uint64_t>(offset, ~0ULL);
    (void)f.read<std::uint64_t>(offset);
    (void)f.read<std::uint32_t>(offset);
  }
  f.write<std::uint16_t>(Watchdog::timeout_offset, 0);  // would never expire, or at once
  CHECK(f.read<std::uint16_t>(Watchdog::timeout_offset) == 1);
  CHECK_FALSE(f.ending.requested());
}
