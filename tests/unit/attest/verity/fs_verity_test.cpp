// fs-verity digests, beside those of fsverity(1).
#include "tests/unit/attest/verity/trees.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;
using verity::TreeHash;

namespace {

std::string ours(const std::string& path, TreeHash hash, unsigned members) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  verity::Crew crew(members);
  std::uint64_t told = 0;
  const auto size = std::filesystem::file_size(path);
  const auto digest =
      verity::fs_verity_digest(fd.get(), size, hash, crew, [&](std::uint64_t bytes) { told += bytes; });
  REQUIRE(digest);
  CHECK(told == size);
  return std::string(name_of(hash)) + ":" + to_hex(*digest);
}

}  // namespace

TEST_CASE("fs-verity digests agree with those of fsverity(1), for files of every shape", "[attest]") {
  const Scratch scratch;
  unsigned seed = 0;
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 4097UL, 8192UL, 128UL * 4096, 128UL * 4096 + 1,
                                 600'000UL, 64UL * 64 * 4096 + 77}) {
    const auto path = scratch.write("file", random_bytes(size, ++seed));
    for (const auto hash : {TreeHash::sha256, TreeHash::sha512}) {
      const auto theirs =
          run_command({"fsverity", "digest", "--hash-alg=" + std::string(name_of(hash)), path});
      REQUIRE(theirs.status == 0);
      INFO(size << " bytes, " << name_of(hash));
      CHECK(theirs.out.starts_with(ours(path, hash, 1) + " "));
      CHECK(theirs.out.starts_with(ours(path, hash, 3) + " "));
    }
  }
}

TEST_CASE("a file that is shorter than it was has no digest", "[attest]") {
  const Scratch scratch;
  const auto path = scratch.write("file", random_bytes(3 << 20, 1));
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  verity::Crew crew(3);
  CHECK_FALSE(
      verity::fs_verity_digest(fd.get(), (3 << 20) + 1, TreeHash::sha256, crew, [](std::uint64_t) {}));
}

TEST_CASE("a crew does each piece of work on all of its threads, one after the other", "[attest]") {
  for (const unsigned members : {1U, 2U, 8U}) {
    verity::Crew crew(members);
    CHECK(crew.members() == members);
    std::vector<int> counts(members);
    for (int round = 0; round < 100; ++round) crew.run([&](unsigned member) { ++counts.at(member); });
    CHECK(counts == std::vector<int>(members, 100));
  }
}
