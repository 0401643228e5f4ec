#pragma once

#include <string>
#include <vector>

#include "policy/guest_record.hpp"

namespace immure::policy {

/// What passt(1) is told behind its name: options that its versions from 2023 on have. Its socket to the VMM
/// is passt_fd::frames.
std::vector<std::string> passt_arguments(const NetRecord& net);

}  // namespace immure::policy
