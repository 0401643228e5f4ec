#pragma once

#include "policy/host_policy_file.hpp"
#include "policy/toml/table_reader.hpp"

namespace immure::policy::toml_text {

/// `owners` and [[tenants]] of the host policy.
void read_tenants(TableReader& root, HostPolicyFile& file);

}  // namespace immure::policy::toml_text
