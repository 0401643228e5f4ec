#pragma once

#include <string>

#include "base/result.hpp"
#include "cli/proc/process_directory.hpp"

namespace immure::cli {

/// The SELinux label of a file that a process holds ("fd/7" or "exe"); empty where the file or its file
/// system has none. An Error where it cannot be read, or the process does not hold the file any more.
Result<std::string> label_of_process_file(const ProcessDirectory& process, const std::string& path);

/// The label of the process itself; empty where the kernel labels none.
Result<std::string> label_of_process(const ProcessDirectory& process);

}  // namespace immure::cli
