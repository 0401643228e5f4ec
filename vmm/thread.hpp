#pragma once

#include <functional>

#include "base/result.hpp"

namespace immure::vmm {

/// Starts a detached thread that lives until the process ends, also after `body` has returned. `name` has 15
/// bytes at most (pthread_setname_np(3)). The stack is small: nothing in the VMM keeps large objects there.
Result<void> start_thread(const char* name, std::function<void()> body);

}  // namespace immure::vmm
