#include "base/files.hpp"

#include <array>
#include <csignal>
#include <memory>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace immure {

Result<UniqueFd> open_file(const std::string& path, int flags, Links links) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  if ((flags & O_CREAT) != 0) how.mode = 0600;
  how.resolve = links == Links::refused ? RESOLVE_NO_SYMLINKS : 0;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how))));
  if (!fd && errno == ELOOP) {
    return std::unexpected(Error{.message = "open " + path + ": it is, or passes through, a symbolic link",
                                 .error_number = ELOOP});
  }
  if (!fd) return system_error("open " + path);
  return fd;
}

namespace {

int lock_whole_file(int fd, LockKind kind, int command) {
  struct flock whole_file{};
  whole_file.l_type = kind == LockKind::shared ? F_RDLCK : F_WRLCK;
  whole_file.l_whence = SEEK_SET;
  return ::fcntl(fd, command, &whole_file);
}

}  // namespace

Result<bool> try_lock(int fd, LockKind kind) {
  if (lock_whole_file(fd, kind, F_OFD_SETLK) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return system_error("lock");
}

Result<void> wait_for_lock(int fd, LockKind kind) {
  while (lock_whole_file(fd, kind, F_OFD_SETLKW) != 0) {
    if (errno != EINTR) return system_error("wait for the lock");
  }
  return {};
}

Result<bool> wait_for_lock(int fd, LockKind kind, unsigned seconds) {
  // Without SA_RESTART the handler ends the wait.
  struct sigaction interrupt{};
  interrupt.sa_handler = [](int) {};
  sigset_t alarm_alone;
  sigemptyset(&alarm_alone);
  sigaddset(&alarm_alone, SIGALRM);
  if (::sigaction(SIGALRM, &interrupt, nullptr) != 0 ||
      ::sigprocmask(SIG_UNBLOCK, &alarm_alone, nullptr) != 0)
    return system_error("wait for the lock");
  ::alarm(seconds);
  const int locked = lock_whole_file(fd, kind, F_OFD_SETLKW);
  const int why = errno;
  ::alarm(0);
  if (locked == 0) return true;
  if (why == EINTR) return false;
  errno = why;
  return system_error("wait for the lock");
}

Result<std::vector<std::string>> list_directory(UniqueFd directory, std::string_view what) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(directory.get()), ::closedir);
  if (!stream) return system_error("list " + std::string(what));
  (void)directory.release();  // The stream closes it.
  std::vector<std::string> names;
  while (const auto* entry = ::readdir(stream.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

Result<std::string> read_link(int directory, const std::string& path) {
  std::array<char, 4096> target{};
  const auto n = ::readlinkat(directory, path.c_str(), target.data(), target.size());
  if (n < 0) return system_error("readlink " + path);
  return std::string(target.data(), static_cast<std::size_t>(n));
}

}  // namespace immure
