#pragma once

#include "launcher/kernel.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::launcher {

/// The host policy file, compiled by the command line's parser in a child that is nobody, and checked here
/// field by field; default_host_policy() where there is no file. The file must be root's, and writable for
/// root alone.
Result<policy::HostPolicyRecord> load_host_policy(Kernel& kernel, const std::string& path,
                                                  const std::string& compiler);

}  // namespace immure::launcher
