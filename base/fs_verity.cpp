#include "base/fs_verity.hpp"

#include <array>
#include <cstring>
#include <span>

#include <linux/fsverity.h>
#include <sys/ioctl.h>

#include "base/hex.hpp"

namespace immure {
namespace {

bool is_known(const FsVerity& verity) {
  return (verity.algorithm == "sha256" && verity.digest.size() == 32) ||
         (verity.algorithm == "sha512" && verity.digest.size() == 64);
}

}  // namespace

std::optional<FsVerity> fs_verity_of(int fd) {
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
