#pragma once

#include "launcher/kernel.hpp"
#include "policy/exit_codes.hpp"

namespace immure::launcher {

// The keeper's side of the gate before which a VMM waits: VmmReady in, VmmGo out. `gate` is our end.

/// Waits until the VMM is ready; yields its number of threads. Where it ends or says nothing in time, the
/// Error carries the last lines of its log, and `failure` is set where kernel or initrd were to blame.
Result<std::uint32_t> await_vmm(Kernel& kernel, int gate, const Process& vmm, int log_fd,
                                policy::ExitCode& failure);

/// What stands in the log pipe now, as it is, behind ": ": whoever shows it takes control characters out.
std::string last_words(Kernel& kernel, int log_fd);

/// Lets the guest run.
Result<void> open_gate(Kernel& kernel, int gate);

}  // namespace immure::launcher
