#pragma once

#include "tests/hostile/attempt.hpp"

namespace immure::hostile {

/// kept_from_host: what a child changes in mounts and names stays with it.
enum class Aftermath { left, kept_from_host };

/// Makes the attempt in a child process, with a machine of its own, and says what came of it, also where the
/// child did not live to say so. For where nothing forbids fork(2): what an attempt breaks is gone with the
/// child.
void make_in_child(const Attempt& attempt, const Targets& targets, Aftermath aftermath);

}  // namespace immure::hostile
