#pragma once

#include <span>
#include <string_view>

#include "cli/failure.hpp"

namespace immure::cli {

/// True for the verbs of the attestation module.
bool is_attest_verb(std::string_view word);

/// Runs `immure-attest` with the same arguments, which it knows all about, and yields its exit status. A
/// Failure where this build has no attestation module.
Expected<ExitCode> run_attest_program(std::span<char* const> arguments);

}  // namespace immure::cli
