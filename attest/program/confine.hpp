#pragma once

#include "attest/program/failure.hpp"

namespace immure::attest {

/// Sets OpenSSL up without its configuration file, and with everything loaded that it would open files for.
Expected<void> prepare_cryptography();

/// Gives up, for good, what parsing foreign bytes does not need: root becomes nobody without groups,
/// no_new_privs, limits, and the seccomp profile `attest`, all threads together. What is open stays open;
/// nothing can be opened any more.
Expected<void> confine();

}  // namespace immure::attest
