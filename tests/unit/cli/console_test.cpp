#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

#include "base/unique_fd.hpp"
#include "cli/console/escape_filter.hpp"
#include "cli/console/raw_terminal.hpp"

using namespace immure;
using namespace immure::cli;

namespace {

tcflag_t local_modes(int fd) {
  termios settings{};
  REQUIRE(::tcgetattr(fd, &settings) == 0);
  return settings.c_lflag;
}

}  // namespace

TEST_CASE("input goes to the guest up to the detach key", "[cli]") {
  CHECK(split_at_detach_key("ls\n").for_guest == "ls\n");
  CHECK(split_at_detach_key("ls\n").then == Typed::Then::go_on);
  const auto typed = split_at_detach_key(
      "ls\n\x1d"
      "rm");
  CHECK(typed.for_guest == "ls\n");
  CHECK(typed.then == Typed::Then::detach);
  CHECK(split_at_detach_key("\x1d").for_guest.empty());
}

TEST_CASE("Ctrl-C is a key for the guest", "[cli]") {
  termios normal{};
  normal.c_lflag = ISIG | ICANON | ECHO;
  CHECK((raw_settings(normal).c_lflag & (ISIG | ICANON | ECHO)) == 0);
}

TEST_CASE("a terminal is raw for the object's life and as before after it", "[cli]") {
  int controller = -1;
  int terminal = -1;
  REQUIRE(::openpty(&controller, &terminal, nullptr, nullptr, nullptr) == 0);
  const UniqueFd ours(controller);
  const UniqueFd theirs(terminal);
  const auto before = local_modes(terminal);
  REQUIRE((before & ICANON) != 0);
  {
    const RawTerminal raw(terminal);
    CHECK(raw.is_terminal());
    CHECK((local_modes(terminal) & (ISIG | ICANON | ECHO)) == 0);
  }
  CHECK(local_modes(terminal) == before);
}

TEST_CASE("what is no terminal is left alone", "[cli]") {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  CHECK_FALSE(RawTerminal(null.get()).is_terminal());
}
