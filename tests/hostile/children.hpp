#pragma once

#include "tests/hostile/attempt.hpp"

namespace immure::hostile {

/// kept_from_host: what a child changes in mounts and names stays with it.
enum class Aftermath { left, kept_from_host };

/// Makes the attempt in a child of its own, which may change, end or become anything; says what came of it.
void make_in_child(const Attempt& attempt, const Targets& targets, Aftermath aftermath);

}  // namespace immure::hostile
