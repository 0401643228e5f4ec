#pragma once

#include "launcher/kernel.hpp"
#include "launcher/paths.hpp"
#include "policy/exit_codes.hpp"
#include "policy/launch_entry.hpp"

namespace immure::launcher {

/// Appends a line to the launch log; yields its SHA-256 in hexadecimal, once the line is on the disk.
Result<std::string> append_to_launch_log(Kernel& kernel, const Paths& paths,
                                         const policy::LaunchEntry& entry);

/// Appends how something came to its end. That it could not be appended is logged: the guest is gone.
void log_end(Kernel& kernel, const Paths& paths, policy::LaunchEntry entry, policy::ExitCode code,
             std::string_view message);

}  // namespace immure::launcher
