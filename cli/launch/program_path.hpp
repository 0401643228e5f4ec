#pragma once

#include <string>
#include <string_view>

#include "cli/failure.hpp"

namespace immure::cli {

/// A program of ours that is not for users: where it is installed, else beside this program, as in a build
/// directory. No environment variable is asked.
Expected<std::string> program_path(std::string_view name);

}  // namespace immure::cli
