#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure {

/// refused: openat2(2) with RESOLVE_NO_SYMLINKS. followed: for the magic links of /proc only.
enum class Links { refused, followed };
enum class LockKind { shared, exclusive };

/// Opens `path`, close-on-exec. What O_CREAT makes is its owner's alone.
Result<UniqueFd> open_file(const std::string& path, int flags, Links links);

/// Takes an open file description lock (fcntl(2), F_OFD_SETLK) on the whole file, without waiting: false
/// where somebody else's is in the way. It goes with the last copy of the fd.
Result<bool> try_lock(int fd, LockKind kind);
/// The same, but waits (F_OFD_SETLKW).
Result<void> wait_for_lock(int fd, LockKind kind);
/// The same for so many seconds, at least 1: false where somebody else's was in the way all the time. The
/// kernel lets in one after the other. Uses SIGALRM and its alarm: for a process with one thread that does
/// not.
Result<bool> wait_for_lock(int fd, LockKind kind, unsigned seconds);

/// The names in an open directory but "." and "..", in the file system's order; `what` is its name in an
/// Error.
Result<std::vector<std::string>> list_directory(UniqueFd directory, std::string_view what);

/// The target of the symbolic link `path`, below the open `directory` (or AT_FDCWD) where it is relative.
Result<std::string> read_link(int directory, const std::string& path);

}  // namespace immure
