#pragma once

#include "base/result.hpp"

namespace immure::net {

/// What the program does to itself before it says anything to the kernel: no core dump, nobody looks into it,
/// the seccomp profile `net`. It can open no file and make no socket any more.
Result<void> confine();

/// Gives up every capability, for good, and asks the kernel.
Result<void> drop_capabilities();

}  // namespace immure::net
