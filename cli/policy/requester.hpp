#pragma once

#include <optional>

#include "cli/failure.hpp"
#include "policy/host_policy_file.hpp"

namespace immure::cli {

/// The user of this uid and the groups that he is a member of, by /etc/passwd and /etc/group:
/// getgrouplist(3). Nothing for the host itself: uid 0, or no login (policy::no_uid). A uid without a user is
/// "#UID".
std::optional<policy::Requester> requester_of(std::uint32_t uid);

/// The same by name; usage where there is no such user.
Expected<std::optional<policy::Requester>> requester_named(const std::string& user);

/// Whose login this process belongs to: /proc/self/loginuid, which sudo(8) and su(1) leave as it is.
std::uint32_t login_uid();

}  // namespace immure::cli
