#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "cli/failure.hpp"
#include "policy/control_message.hpp"

namespace immure::cli {

/// A connection to a guest's monitor, which is not trusted: every datagram is checked.
class MonitorClient {
 public:
  /// By the guest's name; `no_such_guest` where none runs.
  static Expected<MonitorClient> connect(std::string_view guest);
  explicit MonitorClient(UniqueFd fd) : fd_(std::move(fd)) {}

  [[nodiscard]] int fd() const { return fd_.get(); }

  /// Sends one message; `text` is at most one datagram's data.
  Result<void> send(policy::MonitorKind kind, std::string_view text = {});
  /// The next message; nothing once the monitor is gone. Waits.
  Result<std::optional<policy::MonitorMessage>> receive();
  /// The next message; an Error after `patience`.
  Result<std::optional<policy::MonitorMessage>> receive_within(std::chrono::milliseconds patience);

 private:
  UniqueFd fd_;
};

/// The text of a console_data message.
std::string_view text_of(const policy::MonitorMessage& message);

}  // namespace immure::cli
