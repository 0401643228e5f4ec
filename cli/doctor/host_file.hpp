#pragma once

#include <optional>
#include <string>

namespace immure::cli {

/// The text of a small file without its last newline; nothing where it cannot be read. For /proc and /sys.
std::optional<std::string> host_file(const std::string& path);

}  // namespace immure::cli
