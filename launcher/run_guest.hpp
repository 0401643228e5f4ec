#pragma once

#include "launcher/kernel.hpp"
#include "launcher/paths.hpp"
#include "launcher/reporter.hpp"

namespace immure::launcher {

/// The whole life of one guest: admission, launch, keeping, undoing. Reports started, restarted, and at the
/// end failed or ended; yields the exit code of the latter.
policy::ExitCode run_guest(Kernel& kernel, const Paths& paths, policy::GuestRecord guest, int stop_signals_fd,
                           const Reporter& reporter);

}  // namespace immure::launcher
