#pragma once

#include "launcher/launch.hpp"
#include "launcher/reporter.hpp"

namespace immure::launcher {

/// How a VMM's end becomes the exit code of `immure run`.
policy::ExitCode exit_code_of(const ProcessEnd& end);

/// How a guest's life ended, for the user.
struct Ending {
  policy::ExitCode code{};
  std::string message;
};

/// Waits for the guest to end; a reboot of the guest starts a fresh VMM through the same gate. Readable
/// `stop_signals_fd` means: kill the guest. Undoing the launch is the caller's.
Ending keep(Launch& launch, int stop_signals_fd, const Reporter& reporter);

/// "shutdown", "killed", ...: how the guest ended, for the audit log.
std::string_view reason_of(policy::ExitCode code);

/// Gives the monitor the time to drain what the VMM said last.
void let_monitor_finish(Launch& launch);

}  // namespace immure::launcher
