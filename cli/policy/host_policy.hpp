#pragma once

#include "cli/failure.hpp"
#include "policy/host_policy_file.hpp"

namespace immure::cli {

/// /etc/immure/host.toml, compiled; the default one where there is none. bad_specification where others than
/// root could change it, or it has a mistake.
Expected<policy::HostPolicyFile> read_host_policy();

}  // namespace immure::cli
