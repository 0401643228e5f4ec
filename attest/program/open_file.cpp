#include "attest/program/open_file.hpp"

#include <array>
#include <cstring>

#include <linux/fsverity.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace immure::attest {

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  const auto end = ::lseek(fd, 0, SEEK_END);
  if (end < 0) return system_error("lseek " + path);
  return static_cast<std::uint64_t>(end);
}

std::optional<measure::OpenFile::Verity> verity_of(int fd) {
  constexpr std::uint16_t room = 64;
  fsverity_digest head{.digest_algorithm = 0, .digest_size = room};
  std::array<std::uint8_t, sizeof head + room> answer{};
  std::memcpy(answer.data(), &head, sizeof head);
  if (::ioctl(fd, FS_IOC_MEASURE_VERITY, answer.data()) != 0) return std::nullopt;
  std::memcpy(&head, answer.data(), sizeof head);
  const auto digest = Bytes(answer).subspan(sizeof head);
  const auto size = head.digest_size;
  const bool sha256 = head.digest_algorithm == FS_VERITY_HASH_ALG_SHA256 && size == 32;
  const bool sha512 = head.digest_algorithm == FS_VERITY_HASH_ALG_SHA512 && size == 64;
  if (!sha256 && !sha512) return std::nullopt;
  return measure::OpenFile::Verity{.algorithm = sha256 ? "sha256" : "sha512",
                                   .digest = {digest.begin(), digest.begin() + size}};
}

}  // namespace immure::attest
