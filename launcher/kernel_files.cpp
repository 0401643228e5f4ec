#include <array>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sealed_memfd.hpp"
#include "launcher/kernel.hpp"

namespace immure::launcher {

Result<UniqueFd> Kernel::open(const std::string& path, int flags, Links links) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = links == Links::refused ? RESOLVE_NO_SYMLINKS : 0;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how))));
  if (!fd && errno == ELOOP) return invalid("open " + path + ": it is, or passes through, a symbolic link");
  if (!fd) return system_error("open " + path);
  return fd;
}

Result<struct stat> Kernel::status(int fd) {
  struct stat status{};
  IMMURE_TRY(checked(::fstat(fd, &status), "fstat"));
  return status;
}

Result<struct stat> Kernel::status_of(const std::string& path) {
  struct stat status{};
  IMMURE_TRY(checked(::stat(path.c_str(), &status), "stat " + path));
  return status;
}

Result<void> Kernel::make_blocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) return system_error("clear O_NONBLOCK");
  return {};
}

Result<void> Kernel::write(int fd, std::span<const std::byte> bytes) { return write_all(fd, bytes); }

Result<void> Kernel::lock(int fd, LockKind kind) {
  struct flock lock{};
  lock.l_type = kind == LockKind::shared ? F_RDLCK : F_WRLCK;
  lock.l_whence = SEEK_SET;
  return checked(::fcntl(fd, F_OFD_SETLK, &lock), "lock");
}

Result<UniqueFd> Kernel::make_memfd(const std::string& name) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return system_error("memfd_create " + name);
  return fd;
}

Result<std::uint64_t> Kernel::copy(int from, int to, std::uint64_t limit) {
  const auto n = ::sendfile(to, from, nullptr, limit);
  if (n < 0) return system_error("copy");
  return static_cast<std::uint64_t>(n);
}

Result<void> Kernel::seal(int fd) { return seal_memfd(fd); }

Result<void> Kernel::make_directory(const std::string& path, mode_t mode) {
  return checked(::mkdir(path.c_str(), mode), "mkdir " + path);
}

Result<void> Kernel::remove_directory(const std::string& path) {
  return checked(::rmdir(path.c_str()), "rmdir " + path);
}

Result<void> Kernel::remove_file(const std::string& path) {
  return checked(::unlink(path.c_str()), "unlink " + path);
}

Result<std::string> Kernel::read_file(const std::string& path) {
  const auto fd = IMMURE_TRY(open(path, O_RDONLY, Links::followed));
  return read_text(fd.get(), 1 << 20, path);
}

Result<void> Kernel::write_file(const std::string& path, std::string_view text) {
  const auto fd = IMMURE_TRY(open(path, O_WRONLY, Links::refused));
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return system_error("write \"" + std::string(text) + "\" to " + path);
  }
  return {};
}

Result<void> Kernel::replace_file(const std::string& path, std::span<const std::byte> bytes) {
  const auto fresh = path + ".new";
  UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return system_error("create " + fresh);
  IMMURE_TRY(write_all(fd.get(), bytes));
  return checked(::rename(fresh.c_str(), path.c_str()), "rename " + fresh);
}

Result<std::vector<std::string>> Kernel::list_directory(const std::string& path) {
  auto fd = IMMURE_TRY(open(path, O_RDONLY | O_DIRECTORY, Links::followed));
  DIR* directory = ::fdopendir(fd.get());
  if (directory == nullptr) return system_error("list " + path);
  static_cast<void>(fd.release());
  std::vector<std::string> names;
  while (const auto* entry = ::readdir(directory)) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(directory);
  return names;
}

Result<std::string> Kernel::read_link(const std::string& path) {
  std::array<char, 4096> target{};
  const auto n = ::readlink(path.c_str(), target.data(), target.size());
  if (n < 0) return system_error("readlink " + path);
  return std::string(target.data(), static_cast<std::size_t>(n));
}

}  // namespace immure::launcher
