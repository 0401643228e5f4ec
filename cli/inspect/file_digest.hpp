#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/proc/process_directory.hpp"

namespace immure::cli {

/// SHA-256 of a whole file from its start, as lower-case hexadecimal. The file offset is not used.
Result<std::string> sha256_of(int fd);

/// The same for a file that a process holds: "fd/7" or "exe".
Result<std::string> sha256_of_process_file(const ProcessDirectory& process, const std::string& path);

}  // namespace immure::cli
