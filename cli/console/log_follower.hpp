#pragma once

#include <string>
#include <vector>

#include "cli/console/monitor_client.hpp"

namespace immure::cli {

/// Follows the log lines of a guest's VMM and keeps the last of them, for when the guest does not end well:
/// with its monitor they are gone.
class LogFollower {
 public:
  static constexpr std::size_t kept_bytes = 4096;
  static constexpr std::size_t kept_lines = 10;

  /// By the guest's name: the lines that are there already come first.
  static Expected<LogFollower> attach(std::string_view guest);
  explicit LogFollower(MonitorClient monitor) : monitor_(std::move(monitor)) {}

  /// To wait for; -1 once the monitor is gone, or speaks what is no protocol.
  [[nodiscard]] int fd() const { return open_ ? monitor_.fd() : -1; }

  /// Takes one message: fd() is readable.
  void serve();

  /// At most `kept_lines`, oldest first, without control characters.
  [[nodiscard]] std::vector<std::string> last_lines() const;

 private:
  MonitorClient monitor_;
  bool open_ = true;
  std::string text_;
};

}  // namespace immure::cli
