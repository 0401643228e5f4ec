#include "base/sealed_memfd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

namespace immure {
namespace {

constexpr int all_seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

Result<UniqueFd> make_memfd(const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return system_error(std::string("memfd_create ") + name);
  return fd;
}

/// Adds the four seals; fails where a writable mapping exists.
Result<void> seal(int fd) {
  IMMURE_TRY(checked(::fcntl(fd, F_ADD_SEALS, all_seals), "seal memfd"));
  return require_sealed(fd);
}

}  // namespace

Result<UniqueFd> make_sealed_memfd(const char* name, std::span<const std::byte> bytes) {
  auto fd = IMMURE_TRY(make_memfd(name));
  IMMURE_TRY(write_all(fd.get(), bytes));
  IMMURE_TRY(seal(fd.get()));
  return fd;
}

Result<SealedCopy> copy_to_sealed_memfd(const char* name, int from, std::uint64_t limit) {
  auto fd = IMMURE_TRY(make_memfd(name));
  auto verity = fs_verity_of(from);
  std::uint64_t total = 0;
  while (true) {
    const auto n = ::sendfile(fd.get(), from, nullptr, limit + 1 - total);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("copy");
    if (n == 0) break;
    total += static_cast<std::uint64_t>(n);
    if (total > limit) return invalid("it is larger than the " + std::to_string(limit) + " bytes allowed");
  }
  if (total == 0) return invalid("it is empty");
  IMMURE_TRY(seal(fd.get()));
  return SealedCopy{.fd = std::move(fd), .verity = std::move(verity)};
}

Result<void> require_sealed(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0) return system_error("read the seals of a memfd");
  if ((seals & all_seals) != all_seals) return invalid("a memfd that was handed over is not sealed");
  return {};
}

Result<std::uint64_t> file_size(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("fstat");
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace immure
