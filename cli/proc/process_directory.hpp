#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure::cli {

/// /proc/PID, held open. The directory stays that of the one process it was opened for: once that is gone
/// every look-up below it fails, and a later process of the same number is never shown (fs/proc/base.c: the
/// inode holds the struct pid).
class ProcessDirectory {
 public:
  /// An Error where no process `pid` with this start time (field 22 of /proc/PID/stat, in clock ticks)
  /// exists.
  static Result<ProcessDirectory> open(pid_t pid, std::uint64_t start_ticks);
  /// Whatever process has the number now.
  static Result<ProcessDirectory> open(pid_t pid);

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// The text of a file below the directory, without its last newline.
  [[nodiscard]] Result<std::string> read(const std::string& path) const;
  /// The text of a symbolic link below the directory: "fd/3", "ns/mnt".
  [[nodiscard]] Result<std::string> link(const std::string& path) const;
  /// The entries of a directory below it (links are followed: "root"), without "." and "..", sorted.
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& path) const;
  /// Opens below the directory, following links: "fd/3" opens the same file anew.
  [[nodiscard]] Result<UniqueFd> open_at(const std::string& path, int flags) const;
  /// A path to `path` for calls that take no directory fd (getxattr(2)).
  [[nodiscard]] std::string path_of(const std::string& path) const;

 private:
  ProcessDirectory(pid_t pid, UniqueFd fd) : pid_(pid), fd_(std::move(fd)) {}
  pid_t pid_;
  UniqueFd fd_;
};

/// The start time of the process that has this number now; 0 where there is none.
std::uint64_t start_ticks_of(pid_t pid);

}  // namespace immure::cli
