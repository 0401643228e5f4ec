#pragma once

#include <optional>
#include <string>

namespace immure::cli {

/// The text of a small file without its last newline; nothing where it cannot be read. For /proc and /sys.
std::optional<std::string> host_file(const std::string& path);

/// Why others than root could change a file: it, or a directory above it, is not root's or is writable for
/// others. Empty: nobody could.
std::string what_lets_others_change(std::string path);

}  // namespace immure::cli
