#include "cli/launch/foreground.hpp"

#include <array>

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include "cli/control/guest_control.hpp"
#include "cli/launch/service_manager.hpp"

namespace immure::cli {
namespace {

using policy::LaunchReport;
using policy::ReportKind;
using Turn = ConsoleSession::Turn;

constexpr std::chrono::seconds stop_time{10};
constexpr int last_output_ms = 1000;

}  // namespace

Expected<ForegroundEnd> Foreground::run() {
  for (;;) {
    auto end = turn();
    if (end && !end->has_value()) continue;
    leave_console();
    if (!end) return std::unexpected(std::move(end).error());
    return end->value();
  }
}

int Foreground::wait_ms() const {
  if (!deadline_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

Expected<std::optional<ForegroundEnd>> Foreground::turn() {
  const auto entry = [](int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; };
  std::array<pollfd, 5> polled{entry(signals_.fd()), entry(launcher_.fd()),
                               entry(session_ ? session_->monitor_fd() : -1),
                               entry(session_ ? session_->input_fd() : -1), entry(log_ ? log_->fd() : -1)};
  if (::poll(polled.data(), polled.size(), wait_ms()) < 0) {
    if (errno == EINTR) return std::nullopt;
    return system_error("poll");
  }
  if (polled[0].revents != 0) IMMURE_TRY(take_signal());
  IMMURE_TRY(enforce_deadline());
  if (auto end = IMMURE_TRY(serve_console(polled[2].revents, polled[3].revents))) return end;
  if (polled[4].revents != 0) log_->serve();
  if (polled[1].revents != 0) return take_report();
  return std::nullopt;
}

Expected<std::optional<ForegroundEnd>> Foreground::take_report() {
  const auto report = IMMURE_TRY(launcher_.next_report());
  if (!report) return std::unexpected(launcher_.explain_end());
  switch (report->kind) {
    case ReportKind::failed:
      return std::unexpected(launcher_.failure_of(*report));
    case ReportKind::started:
    case ReportKind::restarted:
      IMMURE_TRY(guest_runs(*report));
      return std::nullopt;
    case ReportKind::ended:
      show_last_output();
      return ForegroundEnd{.how = ForegroundEnd::How::ended,
                           .code = exit_code_of(report->exit_code),
                           .message = std::string(report->message.view()),
                           .vmm_pid = vmm_pid_,
                           .log = last_log_lines()};
    default:
      return std::nullopt;
  }
}

Expected<std::optional<ForegroundEnd>> Foreground::serve_console(short output, short input) {
  auto result = Turn::go_on;
  if (session_ && output != 0) result = IMMURE_TRY(session_->serve_output());
  if (session_ && result == Turn::go_on && input != 0) result = IMMURE_TRY(session_->serve_input());
  if (result == Turn::closed) session_.reset();  // The launcher says how it ended.
  if (result != Turn::detached) return std::nullopt;
  return ForegroundEnd{.how = ForegroundEnd::How::detached,
                       .code = ExitCode::success,
                       .message = "detached, the guest goes on",
                       .vmm_pid = vmm_pid_,
                       .log = {}};
}

Expected<void> Foreground::take_signal() {
  (void)signals_.take();
  switch (stage_) {
    case Stage::launching:
      stop_once_running_ = true;
      return {};
    case Stage::running:
      return ask_to_stop();
    case Stage::asked_to_stop:
      return kill_guest();
    case Stage::killed:
      return {};
  }
  return {};
}

Expected<void> Foreground::enforce_deadline() {
  if (stage_ == Stage::asked_to_stop && deadline_ && Clock::now() >= *deadline_) return kill_guest();
  return {};
}

Expected<void> Foreground::guest_runs(const LaunchReport& report) {
  vmm_pid_ = report.vmm_pid;
  if (stage_ == Stage::launching) {
    stage_ = Stage::running;
    // A service manager that cannot be told gives up on us by itself.
    if (const auto told = tell_service_manager("READY=1"); !told) {
      fmt::print(stderr, "immure: {}: {}\n", name_, told.error().message);
    }
  }
  if (stop_once_running_) {
    stop_once_running_ = false;
    return kill_guest();
  }
  // A guest that ended already has no monitor; the report that follows says how it ended.
  if (auto log = LogFollower::attach(name_); !log_ && log) log_.emplace(std::move(*log));
  if (wants_console_ == Console::attached && !session_) attach_console();
  return {};
}

void Foreground::attach_console() {
  auto session = ConsoleSession::attach(name_);
  if (!session) return;
  session_.emplace(std::move(*session));
  terminal_.emplace(STDIN_FILENO);
  if (terminal_->is_terminal()) {
    fmt::print(stderr, "immure: {}: pid {}; Ctrl-] leaves the console, the guest goes on\r\n", name_,
               vmm_pid_);
  }
}

Expected<void> Foreground::ask_to_stop() {
  fmt::print(stderr, "\r\nimmure: {}: power button pressed; killed in {} s or at the next signal\r\n", name_,
             stop_time.count());
  stage_ = Stage::asked_to_stop;
  deadline_ = Clock::now() + stop_time;
  // A guest that cannot be asked is killed.
  if (!press_power_button(name_)) return kill_guest();
  return {};
}

Expected<void> Foreground::kill_guest() {
  stage_ = Stage::killed;
  deadline_.reset();
  auto request = request_to(policy::LaunchVerb::kill);
  request.name = IMMURE_TRY(policy::GuestName::from(name_, "name"));
  const auto killed = carry_out(request);
  if (!killed && killed.error().code != ExitCode::no_such_guest) return std::unexpected(killed.error());
  return {};
}

void Foreground::show_last_output() {
  while (session_) {
    pollfd polled{.fd = session_->monitor_fd(), .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, last_output_ms) <= 0) return;
    const auto turn = session_->serve_output();
    if (!turn || *turn != Turn::go_on) session_.reset();
  }
}

std::vector<std::string> Foreground::last_log_lines() {
  while (log_ && log_->fd() >= 0) {
    pollfd polled{.fd = log_->fd(), .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, last_output_ms) <= 0) break;
    log_->serve();
  }
  return log_ ? log_->last_lines() : std::vector<std::string>{};
}

void Foreground::leave_console() {
  session_.reset();
  if (!terminal_) return;
  const bool was_terminal = terminal_->is_terminal();
  terminal_.reset();
  if (was_terminal) fmt::print(stderr, "\n");
}

}  // namespace immure::cli
