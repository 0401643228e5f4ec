#pragma once

#include <sys/types.h>

namespace immure::monitor {

/// Whether the process at the other end may use this guest: root's, or the owner's (unix(7), SO_PEERCRED: the
/// credentials at connect).
bool is_allowed(int fd, uid_t owner);

}  // namespace immure::monitor
