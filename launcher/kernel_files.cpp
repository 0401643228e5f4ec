#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "launcher/kernel.hpp"

namespace immure::launcher {

Result<UniqueFd> Kernel::open(const std::string& path, int flags, Links links) {
  return open_file(path, flags, links);
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

Result<void> Kernel::make_blocking(int fd) { return checked(::fcntl(fd, F_SETFL, 0), "clear O_NONBLOCK"); }

Result<bool> Kernel::lock(int fd, LockKind kind) { return try_lock(fd, kind); }

Result<UniqueFd> Kernel::make_sealed(const char* name, std::span<const std::byte> bytes) {
  return make_sealed_memfd(name, bytes);
}

Result<SealedCopy> Kernel::copy_sealed(const char* name, int from, std::uint64_t limit) {
  return copy_to_sealed_memfd(name, from, limit);
}

Result<void> Kernel::make_directory(const std::string& path, mode_t mode) {
  return checked(::mkdir(path.c_str(), mode), "mkdir " + path);
}

Result<void> Kernel::remove(const std::string& path) {
  return checked(::remove(path.c_str()), "remove " + path);
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
  return immure::list_directory(IMMURE_TRY(open(path, O_RDONLY | O_DIRECTORY, Links::followed)), path);
}

Result<std::string> Kernel::read_link(const std::string& path) { return immure::read_link(AT_FDCWD, path); }

}  // namespace immure::launcher
