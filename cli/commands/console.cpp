#include <array>

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "cli/commands/commands.hpp"
#include "cli/console/console_session.hpp"

namespace immure::cli {
namespace {

using Turn = ConsoleSession::Turn;

Expected<Turn> serve(ConsoleSession& session, const EndSignals& signals) {
  for (;;) {
    std::array<pollfd, 3> polled{{{.fd = signals.fd(), .events = POLLIN, .revents = 0},
                                  {.fd = session.monitor_fd(), .events = POLLIN, .revents = 0},
                                  {.fd = session.input_fd(), .events = POLLIN, .revents = 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) return system_error("poll");
    auto turn = Turn::go_on;
    if (polled[0].revents != 0) {
      (void)signals.take();
      return Turn::detached;
    }
    if (polled[1].revents != 0) turn = IMMURE_TRY(session.serve_output());
    if (turn == Turn::go_on && polled[2].revents != 0) turn = IMMURE_TRY(session.serve_input());
    if (turn != Turn::go_on) return turn;
  }
}

}  // namespace

Expected<ExitCode> console_command(const std::string& name) {
  auto session = IMMURE_TRY(ConsoleSession::attach(name));
  const auto signals = IMMURE_TRY(EndSignals::block());
  RawTerminal terminal(STDIN_FILENO);
  if (terminal.is_terminal()) fmt::print(stderr, "immure: {}: Ctrl-] leaves the console\r\n", name);
  const auto end = serve(session, signals);
  terminal.restore();
  if (!end) return std::unexpected(end.error());
  fmt::print(stderr, "\nimmure: {}: {}\n", name,
             *end == Turn::detached ? "detached, the guest goes on" : "the guest has ended");
  return ExitCode::success;
}

}  // namespace immure::cli
