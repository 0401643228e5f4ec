#include "cli/console/console_session.hpp"

#include <array>
#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

#include "base/io.hpp"
#include "cli/console/escape_filter.hpp"

namespace immure::cli {

using policy::MonitorKind;

Result<EndSignals> EndSignals::block() {
  sigset_t set{};
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, signal);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
    return system_error("block signals", error);
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC));
  if (!fd) return system_error("make a signalfd");
  return EndSignals(std::move(fd));
}

int EndSignals::take() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

Expected<ConsoleSession> ConsoleSession::attach(std::string_view guest) {
  auto monitor = IMMURE_TRY(MonitorClient::connect(guest));
  IMMURE_TRY(monitor.send(MonitorKind::attach));
  return ConsoleSession(std::move(monitor));
}

Expected<ConsoleSession::Turn> ConsoleSession::serve_input() {
  std::array<char, sizeof(policy::MonitorMessage::data)> buffer{};
  const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (n < 0 && errno == EINTR) return Turn::go_on;
  if (n <= 0) {
    // The end of a pipe or of /dev/null: the guest goes on, and so does its output.
    input_open_ = false;
    return Turn::go_on;
  }
  const std::string_view input(buffer.data(), static_cast<std::size_t>(n));
  const auto typed = ::isatty(STDIN_FILENO) == 1 ? split_at_detach_key(input) : Typed{.for_guest = input};
  // A monitor that is gone shows on the receiving side, after its last output.
  if (!typed.for_guest.empty()) (void)monitor_.send(MonitorKind::console_data, typed.for_guest);
  return typed.then == Typed::Then::detach ? Turn::detached : Turn::go_on;
}

Expected<ConsoleSession::Turn> ConsoleSession::serve_output() {
  const auto message = IMMURE_TRY(monitor_.receive());
  if (!message || message->kind == MonitorKind::closed) return Turn::closed;
  if (message->kind == MonitorKind::console_data) {
    const auto text = text_of(*message);
    IMMURE_TRY(write_all(STDOUT_FILENO, std::as_bytes(std::span(text))));
  }
  return Turn::go_on;
}

}  // namespace immure::cli
