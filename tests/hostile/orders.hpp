#pragma once

#include "tests/hostile/attempt.hpp"
#include "tests/hostile/children.hpp"

namespace immure::hostile {

/// Takes commands from the console until one of them names something to try. "hold" does, too: whoever makes
/// it stays as it is until the next command, for the host to look at. Null: the console has ended.
const Attempt* next_attempt(Targets& targets);

/// Makes every attempt that the console names, each in a child of its own.
void obey(Targets& targets, const Surroundings& surroundings);

}  // namespace immure::hostile
