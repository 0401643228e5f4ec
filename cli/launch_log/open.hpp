#pragma once

#include <fstream>
#include <string>

#include "cli/failure.hpp"

namespace immure::cli {

/// The launch log, to be read line by line (next_line()); a Failure that says what to do where it is not
/// there or not the caller's to read.
Expected<std::ifstream> open_launch_log(const std::string& path);

}  // namespace immure::cli
