#pragma once

#include "launcher/kernel.hpp"
#include "launcher/paths.hpp"
#include "policy/exit_codes.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::launcher {

/// Everything before the first change to the host: whether the record is in order, and whether the host's
/// owner allows this guest. Yields the host policy: the file, compiled by the command line's parser in a
/// child that is nobody, and checked here field by field; default_host_policy() where there is no file.
/// `failure` is what the user is told as exit code where this fails.
Result<policy::HostPolicyRecord> admit_guest(Kernel& kernel, const Paths& paths,
                                             const policy::GuestRecord& guest, policy::ExitCode& failure);

}  // namespace immure::launcher
