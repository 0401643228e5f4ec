#pragma once

#include "tests/hostile/attempt.hpp"

namespace immure::hostile {

/// Makes the attempt in a child process and says what came of it, also where the child did not live to say
/// so. For where nothing forbids fork(2): what an attempt breaks is gone with the child.
void make_in_child(const Attempt& attempt, const Targets& targets);

}  // namespace immure::hostile
