#pragma once

#include <string_view>

#include "base/unique_fd.hpp"
#include "cli/failure.hpp"

namespace immure::cli {

/// Connects to a socket of a guest's monitor: `file` in /run/immure/guests/NAME, of this type (socket(2)).
/// `no_such_guest` where none runs.
Expected<UniqueFd> connect_to_guest(std::string_view guest, std::string_view file, int type);

}  // namespace immure::cli
