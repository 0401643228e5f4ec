#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/console/console_session.hpp"
#include "cli/console/log_follower.hpp"
#include "cli/launch/launch_process.hpp"

namespace immure::cli {

/// How a guest that was run in the foreground left it.
struct ForegroundEnd {
  enum class How { ended, detached };
  How how = How::ended;
  ExitCode code = ExitCode::success;
  std::string message;
  int vmm_pid = 0;
  std::vector<std::string> log;  ///< the VMM's last lines
};

/// Stays with a guest from its launch to its end: one poll(2) loop over the launcher's reports, the console
/// and the signals that end it. A first SIGTERM, SIGHUP or SIGINT presses the guest's power button; a second
/// one, or ten seconds, kills it.
class Foreground {
 public:
  enum class Console { attached, none };

  Foreground(std::string name, LaunchProcess launcher, EndSignals signals, Console console)
      : name_(std::move(name)),
        launcher_(std::move(launcher)),
        signals_(std::move(signals)),
        wants_console_(console) {}

  Expected<ForegroundEnd> run();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Stage { launching, running, asked_to_stop, killed };

  [[nodiscard]] int wait_ms() const;
  /// Each gives the end, once it has come.
  Expected<std::optional<ForegroundEnd>> turn();
  Expected<std::optional<ForegroundEnd>> take_report();
  Expected<std::optional<ForegroundEnd>> serve_console(short output, short input);
  Expected<void> take_signal();
  Expected<void> enforce_deadline();

  Expected<void> guest_runs(const policy::LaunchReport& report);
  Expected<void> ask_to_stop();
  Expected<void> kill_guest();
  void attach_console();
  void show_last_output();
  std::vector<std::string> last_log_lines();
  void leave_console();

  std::string name_;
  LaunchProcess launcher_;
  EndSignals signals_;
  Console wants_console_;
  Stage stage_ = Stage::launching;
  bool stop_once_running_ = false;
  std::optional<Clock::time_point> deadline_;
  std::optional<ConsoleSession> session_;
  std::optional<LogFollower> log_;
  std::optional<RawTerminal> terminal_;
  int vmm_pid_ = 0;
};

}  // namespace immure::cli
