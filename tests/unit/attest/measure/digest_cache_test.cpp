#include "attest/measure/digest_cache.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/attest/program/run_program.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;
using measure::DigestCache;
using measure::Digests;

namespace {

FsVerity key_of(std::uint8_t byte, std::size_t size = 32) {
  return {.algorithm = size == 32 ? "sha256" : "sha512", .digest = ByteVector(size, byte)};
}

Digests digests_of(std::uint8_t byte) {
  Digests out;
  out.sha256.fill(byte);
  out.sha384.fill(byte);
  return out;
}

struct CacheFile {
  Scratch scratch;
  std::string path = scratch.write("digests", "");

  [[nodiscard]] UniqueFd open() const {
    return UniqueFd(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  }
  [[nodiscard]] DigestCache cache() const { return DigestCache(open()); }
  [[nodiscard]] std::uintmax_t size() const { return std::filesystem::file_size(path); }
};

}  // namespace

TEST_CASE("a digest is found by the key that it was kept under, and by its size", "[attest]") {
  const CacheFile file;
  CHECK_FALSE(file.cache().find(key_of(1), 100));
  file.cache().add(key_of(1), 100, digests_of(11));
  file.cache().add(key_of(2, 64), 200, digests_of(22));
  CHECK(file.cache().find(key_of(1), 100)->sha384 == digests_of(11).sha384);
  CHECK(file.cache().find(key_of(2, 64), 200)->sha256 == digests_of(22).sha256);
  CHECK_FALSE(file.cache().find(key_of(1), 101));
  CHECK_FALSE(file.cache().find(key_of(2), 200));
  // SHA-512 of half zeros is not the SHA-256 that it begins with.
  auto half = key_of(1, 64);
  std::fill(half.digest.begin() + 32, half.digest.end(), std::uint8_t{0});
  CHECK_FALSE(file.cache().find(half, 100));
}

TEST_CASE("an entry of which any byte was changed is not believed", "[attest]") {
  const CacheFile file;
  file.cache().add(key_of(1), 100, digests_of(11));
  const auto size = file.size();
  const UniqueFd raw(::open(file.path.c_str(), O_RDWR | O_CLOEXEC));
  for (std::uintmax_t at = 0; at < size; ++at) {
    INFO("byte " << at);
    const auto flip = [&] {
      std::uint8_t byte = 0;
      REQUIRE(::pread(raw.get(), &byte, 1, static_cast<off_t>(at)) == 1);
      byte ^= 1;
      REQUIRE(::pwrite(raw.get(), &byte, 1, static_cast<off_t>(at)) == 1);
    };
    flip();
    CHECK_FALSE(file.cache().find(key_of(1), 100));
    flip();
  }
  CHECK(file.cache().find(key_of(1), 100));
}

TEST_CASE("an entry that was cut off, and a cache that is full or no file, cost time and nothing else",
          "[attest]") {
  const CacheFile file;
  file.cache().add(key_of(1), 100, digests_of(11));
  const auto entry = file.size();
  SECTION("cut off") {
    file.cache().add(key_of(2), 100, digests_of(22));
    REQUIRE(::truncate(file.path.c_str(), static_cast<off_t>(2 * entry - 1)) == 0);
    CHECK(file.cache().find(key_of(1), 100));
    CHECK_FALSE(file.cache().find(key_of(2), 100));
  }
  SECTION("full") {
    REQUIRE(::truncate(file.path.c_str(), static_cast<off_t>(4096 * entry)) == 0);
    file.cache().add(key_of(2), 100, digests_of(22));
    CHECK(file.size() == 4096 * entry);
    CHECK(file.cache().find(key_of(1), 100));
  }
  SECTION("longer than it may be") {
    REQUIRE(::truncate(file.path.c_str(), off_t{1} << 40) == 0);
    CHECK(file.cache().find(key_of(1), 100));
  }
  SECTION("no file") {
    DigestCache none(UniqueFd{});
    none.add(key_of(1), 100, digests_of(11));
    CHECK_FALSE(none.find(key_of(1), 100));
  }
}
