#include "base/fs_verity.hpp"

#include <array>
#include <cstring>
#include <span>

#include <linux/fsverity.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "base/hex.hpp"

namespace immure {
namespace {

bool is_known(const FsVerity& verity) {
  return (verity.algorithm == "sha256" && verity.digest.size() == 32) ||
         (verity.algorithm == "sha512" && verity.digest.size() == 64);
}

/// A file system that a program serves (FUSE) passes the question on to it, and may answer anything.
bool is_answered_by_the_kernel(int fd) {
  struct statfs status{};
  if (::fstatfs(fd, &status) != 0) return false;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return type == EXT4_SUPER_MAGIC || type == F2FS_SUPER_MAGIC || type == BTRFS_SUPER_MAGIC;
}

}  // namespace

std::optional<FsVerity> fs_verity_of(int fd) {
  if (!is_answered_by_the_kernel(fd)) return std::nullopt;
  constexpr std::uint16_t room = 64;
  fsverity_digest head{.digest_algorithm = 0, .digest_size = room};
  std::array<std::uint8_t, sizeof head + room> answer{};
  std::memcpy(answer.data(), &head, sizeof head);
  if (::ioctl(fd, FS_IOC_MEASURE_VERITY, answer.data()) != 0) return std::nullopt;
  std::memcpy(&head, answer.data(), sizeof head);
  if (head.digest_size > room) return std::nullopt;
  const auto digest = std::span(answer).subspan(sizeof head, head.digest_size);
  FsVerity out{.algorithm = head.digest_algorithm == FS_VERITY_HASH_ALG_SHA256 ? "sha256" : "sha512",
               .digest = {digest.begin(), digest.end()}};
  return is_known(out) ? std::optional(std::move(out)) : std::nullopt;
}

std::string text_of(const std::optional<FsVerity>& verity) {
  return verity ? verity->algorithm + ":" + to_hex(verity->digest) : "-";
}

std::optional<std::optional<FsVerity>> parse_fs_verity(std::string_view text) {
  if (text == "-") return std::optional<FsVerity>();
  const auto colon = text.find(':');
  auto digest = colon == text.npos ? std::nullopt : from_hex(text.substr(colon + 1));
  if (!digest) return std::nullopt;
  FsVerity out{.algorithm = std::string(text.substr(0, colon)), .digest = *std::move(digest)};
  if (!is_known(out)) return std::nullopt;
  return std::optional(std::move(out));
}

}  // namespace immure
