#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure::selinux {

// The label of an open file: its security.selinux extended attribute. A file descriptor, never a path, says
// which file is meant; one opened with O_PATH will do. Needs /proc.

/// Empty where the file has none (a host without SELinux).
Result<std::string> label_of(int fd);
/// An empty `context` removes the label. Reads back what the kernel made of it; an Error where that differs.
Result<void> set_label(int fd, const std::string& context);

/// The file at `path` (O_PATH), reached without following any symbolic link (openat2(2),
/// RESOLVE_NO_SYMLINKS).
Result<UniqueFd> open_without_links(const std::string& path);

}  // namespace immure::selinux
