#pragma once

#include <cstdint>

#include "attest/program/failure.hpp"

namespace immure::attest {

/// The launcher's errand: measures the files that it hands over under the numbers of policy::measure_fd, asks
/// the manifest where the guest names one, and answers with a policy::Measurement. It ends well whatever the
/// verdict is; an Error is one that leaves no answer.
/// `pcr` is where the launch is recorded, where a TPM was handed over.
inline constexpr const char* measure_launch_verb = "measure-launch";
Expected<ExitCode> measure_launch_command(std::uint32_t pcr);

}  // namespace immure::attest
