#pragma once

#include "attest/program/failure.hpp"
#include "attest/program/launch_recorder.hpp"
#include "base/fs_verity.hpp"

namespace immure::attest {

/// The launcher's errand: measures the files that it hands over under the numbers of policy::measure_fd, asks
/// the manifest where the guest names one, and answers with a policy::Measurement. It ends well whatever the
/// verdict is; an Error is one that leaves no answer.
inline constexpr const char* measure_launch_verb = "measure-launch";

struct LaunchErrand {
  LaunchRegister where;  ///< what the launch is recorded in, where a TPM was handed over
  /// What fs-verity said of the files, before the launcher copied them.
  std::optional<FsVerity> kernel, initrd;
};

Expected<ExitCode> measure_launch_command(const LaunchErrand& errand);

}  // namespace immure::attest
