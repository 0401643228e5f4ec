#pragma once

#include "base/result.hpp"
#include "tests/hostile/targets.hpp"

namespace immure::hostile {

/// What a VMM has when its guest runs: a machine with memory and a CPU, made while its filters still allow
/// that. Leaves the descriptors in `targets`.
Result<void> make_own_machine(Targets& targets);

}  // namespace immure::hostile
