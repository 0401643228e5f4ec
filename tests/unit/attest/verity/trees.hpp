#pragma once

#include <cstring>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "attest/verity/tree.hpp"
#include "attest/verity/tree_root.hpp"
#include "base/unique_fd.hpp"
#include "tests/unit/attest/program/run_program.hpp"

namespace immure::attest::test {

inline std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string out(size + sizeof(std::uint64_t), '\0');
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t next = random();
    std::memcpy(&out[at], &next, sizeof next);
  }
  out.resize(size);
  return out;
}

/// What `veritysetup format` is asked for.
struct TreeCase {
  std::uint64_t blocks = 1;
  std::uint32_t data_block = 4096;
  std::uint32_t hash_block = 4096;
  std::string hash = "sha256";
  std::string salt = "-";         ///< as the option takes it
  std::uint64_t behind_data = 0;  ///< not 0: the tree is on the data's disk, so many bytes behind it
};

/// Random data and its tree, both made by veritysetup(8).
class TreeOnDisk {
 public:
  explicit TreeOnDisk(const TreeCase& how, unsigned seed = 1) : data_bytes(how.blocks * how.data_block) {
    data = scratch.write("data", random_bytes(data_bytes, seed));
    hashes = how.behind_data == 0 ? scratch.write("hashes", std::string_view()) : data;
    offset = how.behind_data == 0 ? 0 : data_bytes + how.behind_data;
    const auto done = run_command({"veritysetup", "format", data, hashes, "--hash=" + how.hash,
                                   "--data-block-size=" + std::to_string(how.data_block),
                                   "--hash-block-size=" + std::to_string(how.hash_block),
                                   "--salt=" + how.salt, "--data-blocks=" + std::to_string(how.blocks),
                                   "--hash-offset=" + std::to_string(offset)});
    INFO(done.err);
    REQUIRE(done.status == 0);
    const auto line = done.out.substr(done.out.find("Root hash:"));
    root_hex = line.substr(line.find_first_of("0123456789abcdef", 10));
    root_hex.resize(root_hex.find_first_not_of("0123456789abcdef"));
    root = from_hex(root_hex).value();
  }

  [[nodiscard]] Result<void> check() const { return check_with(root); }
  [[nodiscard]] Result<void> check_with(Bytes wanted) const {
    const UniqueFd data_fd(::open(data.c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd hash_fd(::open(hashes.c_str(), O_RDONLY | O_CLOEXEC));
    const verity::DiskArea area{.fd = hash_fd.get(), .size = std::filesystem::file_size(hashes)};
    const auto superblock = IMMURE_TRY(verity::read_superblock(area, offset));
    const auto room = data == hashes ? offset : std::filesystem::file_size(data);
    return verity::check_tree(superblock, offset, {.fd = data_fd.get(), .size = room}, area, wanted);
  }
  /// All of the data, by `members` threads.
  [[nodiscard]] Result<ByteVector> computed(unsigned members) const {
    const UniqueFd data_fd(::open(data.c_str(), O_RDONLY | O_CLOEXEC));
    const UniqueFd hash_fd(::open(hashes.c_str(), O_RDONLY | O_CLOEXEC));
    const auto superblock = IMMURE_TRY(
        verity::read_superblock({.fd = hash_fd.get(), .size = std::filesystem::file_size(hashes)}, offset));
    verity::Crew crew(members);
    return verity::dm_verity_root(data_fd.get(), superblock, crew, [](std::uint64_t) {});
  }

  Scratch scratch;
  std::uint64_t data_bytes;
  std::string data;
  std::string hashes;
  std::uint64_t offset = 0;  ///< of the superblock
  std::string root_hex;
  ByteVector root;
};

/// Inverts bits of one byte of a file.
inline void change_byte(const std::string& path, std::uint64_t at, std::uint8_t bits = 1) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(file.get() ^ bits);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

}  // namespace immure::attest::test
