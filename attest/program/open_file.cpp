#include "attest/program/open_file.hpp"

#include <unistd.h>

namespace immure::attest {

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  const auto end = ::lseek(fd, 0, SEEK_END);
  if (end < 0) return system_error("lseek " + path);
  return static_cast<std::uint64_t>(end);
}

}  // namespace immure::attest
