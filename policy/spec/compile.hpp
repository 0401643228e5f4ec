#pragma once

#include <string>

#include "policy/failure.hpp"
#include "policy/guest_record.hpp"
#include "policy/host_policy_file.hpp"

namespace immure::policy {

constexpr std::size_t max_text_bytes = 1 << 20;  ///< of a guest specification or a host policy

/// Compiles the guest specification at `path` in an isolated child and checks its answer here again.
/// bad_specification with every mistake on a line of its own: "FILE:LINE:COLUMN: ...".
Expected<GuestRecord> compile_guest_spec(const std::string& path);

/// The same for a host policy that is open already; `name` stands for it in messages.
Expected<HostPolicyFile> compile_host_policy(int fd, const std::string& name);

}  // namespace immure::policy
