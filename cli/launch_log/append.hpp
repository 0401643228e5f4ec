#pragma once

#include <string>

#include "base/result.hpp"
#include "policy/launch_entry.hpp"

namespace immure::cli {

/// The longest line that is written or read.
constexpr std::size_t max_log_line = 256 << 10;

/// Appends one line to the launch log behind `log` (open for reading and appending), chained to the line
/// before it, and waits until it is on the disk. Yields its SHA-256 in hexadecimal. Waits up to ten seconds
/// for others that append (an open file description lock). An Error where the last line is no entry: the log
/// was changed, or is something else.
Result<std::string> append_to_log(int log, const policy::LaunchEntry& entry);

}  // namespace immure::cli
