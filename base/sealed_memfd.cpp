#include "base/sealed_memfd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace immure {
namespace {

constexpr int all_seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

}  // namespace

Result<UniqueFd> make_sealed_memfd(const char* name, std::span<const std::byte> bytes) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return system_error(std::string("memfd_create ") + name);
  IMMURE_TRY(write_all(fd.get(), bytes));
  IMMURE_TRY(seal_memfd(fd.get()));
  return fd;
}

Result<void> seal_memfd(int fd) {
  if (::fcntl(fd, F_ADD_SEALS, all_seals) != 0) return system_error("seal memfd");
  return require_sealed(fd);
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
