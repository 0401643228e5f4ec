#pragma once

#include <string>

#include "cli/launch_log/line.hpp"

namespace immure::cli {

/// One line for people: time, event, guest, and what matters of it.
std::string entry_headline(const LogLine& line);

/// What an entry says, over several lines: who asked, what was started, what the kernel confirmed.
std::string entry_details(const LogLine& line);

}  // namespace immure::cli
