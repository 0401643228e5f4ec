#pragma once

#include "launcher/kernel.hpp"
#include "launcher/paths.hpp"
#include "launcher/reporter.hpp"

namespace immure::launcher {

/// How a VMM's end becomes the exit code of `immure run`.
policy::ExitCode exit_code_of(const ProcessEnd& end);

/// The whole life of one guest: admission, launch, keeping, undoing. Reports started, restarted, and at the
/// end failed or ended; yields the exit code of the latter. Readable `stop_signals_fd` means: kill the guest.
policy::ExitCode run_guest(Kernel& kernel, const Paths& paths, const policy::GuestRecord& guest,
                           int stop_signals_fd, const Reporter& reporter);

}  // namespace immure::launcher
