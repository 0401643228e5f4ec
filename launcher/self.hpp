#pragma once

#include <linux/capability.h>

#include "launcher/kernel.hpp"
#include "policy/launch_request.hpp"

namespace immure::launcher {

// chown, dac_override, fowner: images and their labels belong to anybody. kill, sys_ptrace: end and read back
// what runs as another uid. setuid, setgid, setpcap, sys_admin: confine a new process. sys_resource: its
// limits. audit_write: the audit log.
constexpr Capabilities keeper_capabilities{1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER |
                                           1ULL << CAP_KILL | 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_SETUID |
                                           1ULL << CAP_SETGID | 1ULL << CAP_SETPCAP | 1ULL << CAP_SYS_ADMIN |
                                           1ULL << CAP_SYS_RESOURCE | 1ULL << CAP_AUDIT_WRITE};

/// What connects guests to the world needs it: it is asked for only where a guest has networks.
constexpr Capabilities network_capability{1ULL << CAP_NET_ADMIN};

/// The launcher's own start, before it does anything that was asked: no environment, no stray fds (0 to 4
/// stay), a session of its own (so that Ctrl-C reaches whoever started it, not the keeper), umask 077, no
/// core dump, not dumpable, and only the capabilities that this request needs: those of a keeper, and
/// CAP_NET_ADMIN until the networks of a guest that has some are attached. Yields an fd that is readable once
/// somebody asks the keeper to stop.
Result<UniqueFd> sanitize_self(Kernel& kernel, const policy::LaunchRequest& request);

}  // namespace immure::launcher
