#pragma once

#include <functional>
#include <string>

#include "base/unique_fd.hpp"
#include "cli/console/monitor_client.hpp"
#include "cli/console/raw_terminal.hpp"
#include "cli/failure.hpp"

namespace immure::cli {

/// SIGINT, SIGTERM, SIGHUP as file descriptor, blocked from their ordinary effect for the object's life, so
/// that the terminal is restored on every way out. In a raw terminal Ctrl-C makes no signal: it is a key for
/// the guest.
class EndSignals {
 public:
  static Result<EndSignals> block();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The number of the signal that came.
  [[nodiscard]] int take() const;

 private:
  explicit EndSignals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

/// The user's standard input and output joined to a guest's console.
class ConsoleSession {
 public:
  enum class Turn { go_on, detached, closed };

  /// Attaches: the backlog is shown first.
  static Expected<ConsoleSession> attach(std::string_view guest);

  /// -1 once standard input has ended.
  [[nodiscard]] int input_fd() const { return input_open_ ? 0 : -1; }
  [[nodiscard]] int monitor_fd() const { return monitor_.fd(); }

  /// Hands waiting input on to the guest.
  Expected<Turn> serve_input();
  /// Shows waiting output.
  Expected<Turn> serve_output();

 private:
  explicit ConsoleSession(MonitorClient monitor) : monitor_(std::move(monitor)) {}
  MonitorClient monitor_;
  bool input_open_ = true;
};

}  // namespace immure::cli
