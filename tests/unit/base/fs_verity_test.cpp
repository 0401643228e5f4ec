#include "base/fs_verity.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>

#include "base/unique_fd.hpp"

using namespace immure;

TEST_CASE("a file that is not under fs-verity has no digest of it", "[base]") {
  const UniqueFd fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  CHECK_FALSE(fs_verity_of(fd.get()));
  CHECK_FALSE(fs_verity_of(-1));
}

TEST_CASE("what fs-verity says of a file is handed over as text", "[base]") {
  const FsVerity sha256{.algorithm = "sha256", .digest = std::vector<std::uint8_t>(32, 0xab)};
  const FsVerity sha512{.algorithm = "sha512", .digest = std::vector<std::uint8_t>(64, 0xcd)};
  CHECK(text_of(std::nullopt) == "-");
  CHECK(text_of(sha256).starts_with("sha256:abab"));
  for (const auto& verity : {std::optional<FsVerity>(), std::optional(sha256), std::optional(sha512)}) {
    CHECK(parse_fs_verity(text_of(verity)).value() == verity);
  }
  for (const auto* wrong : {"", "sha256", "sha256:", "sha256:abab", "--", "md5:abab", "sha512:zz"}) {
    CHECK_FALSE(parse_fs_verity(wrong));
  }
  CHECK_FALSE(parse_fs_verity("sha512" + text_of(sha256).substr(6)));
}
