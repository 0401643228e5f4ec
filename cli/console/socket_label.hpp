#pragma once

#include <string>

#include "base/result.hpp"

namespace immure::cli {

/// `own` (user:role:type:range) with the level of `guest`, which must be s0 with exactly two categories.
Result<std::string> with_level_of(std::string_view own, std::string_view guest);

/// For a client of a guest's monitor, before socket(2): the kernel gives an accepted socket the categories of
/// the *client's* socket, and the monitor may only use its own. Every socket that this thread makes from now
/// on has them. `guest_label` is the guest's (policy::GuestState). Does nothing where SELinux is off. Needs
/// /proc.
Result<void> label_sockets_for(const std::string& guest_label);

}  // namespace immure::cli
