#pragma once

#include "launcher/cgroup.hpp"
#include "launcher/ledger.hpp"
#include "launcher/reporter.hpp"

namespace immure::launcher {

/// Makes the directories below which launches leave their traces, then undoes every launch whose keeper is
/// gone, and reports each. What cannot be undone stays in its journal for the next time, and is logged.
Result<void> recover(Kernel& kernel, const Paths& paths, const Reporter& reporter);

/// A file that is there once somebody asked for the guest to be killed: tells that from any other SIGKILL.
std::string kill_mark(const Paths& paths, std::string_view name);

/// Kills the guest and waits until its keeper has undone the launch. An Error with ESRCH where there is no
/// such guest.
Result<void> kill_guest(Kernel& kernel, const Paths& paths, const std::string& name);

/// Stops the guest's VMM where it is, or lets it go on. An Error with ESRCH where there is no such guest.
Result<void> move_guest(Kernel& kernel, const Paths& paths, const std::string& name, Motion motion);

}  // namespace immure::launcher
