#include "selinux/lease_directory.hpp"

#include <utility>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

namespace immure::selinux {
namespace {

constexpr std::array<const char*, 3> directory_names = {"mcs", "uid", "name"};

std::string describe(LeaseKind kind, const std::string& value) {
  return std::string(directory_names.at(std::to_underlying(kind) - 1)) + "/" + value;
}

Result<UniqueFd> open_directory(int parent, const std::string& path) {
  if (::mkdirat(parent, path.c_str(), 0755) != 0 && errno != EEXIST) {
    return system_error("make the lease directory " + path);
  }
  UniqueFd fd(::openat(parent, path.c_str(), O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error("open the lease directory " + path);
  return fd;
}

/// A value becomes a file name below a directory: it must not lead out of it.
Result<void> require_file_name(const std::string& value) {
  if (value.empty() || value.size() > NAME_MAX || value == "." || value == ".." ||
      value.find('/') != std::string::npos || value.find('\0') != std::string::npos) {
    return invalid("\"" + value + "\" cannot be leased: it is not a file name");
  }
  return {};
}

}  // namespace

Result<LeaseDirectory> LeaseDirectory::open(const std::string& path) {
  const auto root = IMMURE_TRY(open_directory(AT_FDCWD, path));
  std::array<UniqueFd, kinds> directories;
  for (std::size_t i = 0; i < kinds; ++i) {
    directories.at(i) = IMMURE_TRY(open_directory(root.get(), directory_names.at(i)));
  }
  return LeaseDirectory(std::move(directories));
}

Result<Claim> LeaseDirectory::claim(LeaseKind kind, const std::string& value,
                                    const std::string& owner) const {
  IMMURE_TRY(require_file_name(value));
  if (owner.empty()) return invalid("a lease needs an owner");
  if (::symlinkat(owner.c_str(), directory(kind), value.c_str()) == 0) return Claim::taken;
  if (errno == EEXIST) return Claim::busy;
  return system_error("lease " + describe(kind, value));
}

Result<std::optional<std::string>> LeaseDirectory::owner_of(LeaseKind kind, const std::string& value) const {
  IMMURE_TRY(require_file_name(value));
  std::array<char, 256> target{};
  const auto length = ::readlinkat(directory(kind), value.c_str(), target.data(), target.size());
  if (length >= 0) return std::string(target.data(), static_cast<std::size_t>(length));
  if (errno == ENOENT) return std::nullopt;
  return system_error("read the lease " + describe(kind, value));
}

Result<void> LeaseDirectory::release(LeaseKind kind, const std::string& value,
                                     const std::string& owner) const {
  // Between the two calls nobody else removes it: only its owner does, or who holds the owner's journal.
  const auto holder = IMMURE_TRY(owner_of(kind, value));
  if (holder != owner) return {};
  if (::unlinkat(directory(kind), value.c_str(), 0) == 0 || errno == ENOENT) return {};
  return system_error("release the lease " + describe(kind, value));
}

int LeaseDirectory::directory(LeaseKind kind) const {
  return directories_.at(std::to_underlying(kind) - 1).get();
}

}  // namespace immure::selinux
