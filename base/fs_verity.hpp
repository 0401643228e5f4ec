#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace immure {

/// What the kernel keeps of a file under fs-verity, and checks every read of it against: nobody can change it
/// any more (Documentation/filesystems/fsverity.rst).
struct FsVerity {
  std::string algorithm;  ///< "sha256" or "sha512"
  std::vector<std::uint8_t> digest;

  friend bool operator==(const FsVerity&, const FsVerity&) = default;
};

/// By FS_IOC_MEASURE_VERITY, on ext4, f2fs and btrfs: other file systems may be somebody's program. Nothing
/// where the file is not under fs-verity, or by another algorithm.
std::optional<FsVerity> fs_verity_of(int fd);

/// "sha256:" and the digest in hexadecimal; "-" for nothing.
std::string text_of(const std::optional<FsVerity>& verity);

/// The inverse. The outer optional is empty where the text is neither.
std::optional<std::optional<FsVerity>> parse_fs_verity(std::string_view text);

}  // namespace immure
