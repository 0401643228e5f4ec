#pragma once

#include "launcher/kernel.hpp"

namespace immure::launcher {

/// The launcher's own start, before it reads a byte: no environment, no stray fds (0 to 4 stay), a session of
/// its own (so that Ctrl-C reaches whoever started it, not the keeper), umask 077, no core dump, not
/// dumpable, and only the capabilities that a launch needs. Yields an fd that is readable once somebody asks
/// the keeper to stop.
Result<UniqueFd> sanitize_self(Kernel& kernel);

}  // namespace immure::launcher
