#pragma once

#include <string_view>

#include "policy/host_policy_file.hpp"

namespace immure::policy {

/// Compiles a host policy (docs/host-policy.md) into a record that check() accepts. Keys that are not there
/// keep the values of default_host_policy(). Errors are told as parse_guest_spec() does.
Result<HostPolicyFile> parse_host_policy(std::string_view text, std::string_view file_name);

}  // namespace immure::policy
