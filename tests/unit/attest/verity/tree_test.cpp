// Trees of veritysetup(8), and every way in which they may be changed.
#include "tests/unit/attest/verity/trees.hpp"

using namespace immure;
using namespace immure::attest;
using namespace immure::attest::test;

namespace {

const std::string salt = std::string(62, '5') + "a0";

std::vector<TreeCase> all_cases() {
  std::vector<TreeCase> out;
  // On both sides of what fills one block of hashes, and two and three levels of them.
  for (const auto blocks : {1U, 2U, 127U, 128U, 129U, 300U}) out.push_back({.blocks = blocks, .salt = salt});
  for (const auto blocks : {1U, 15U, 16U, 17U, 256U, 257U, 4097U}) {
    out.push_back({.blocks = blocks, .data_block = 512, .hash_block = 512, .salt = "00"});
    out.push_back({.blocks = blocks, .data_block = 512, .hash_block = 512, .hash = "sha512", .salt = salt});
  }
  out.push_back({.blocks = 700, .data_block = 1024, .hash_block = 4096});
  out.push_back({.blocks = 70, .data_block = 4096, .hash_block = 1024, .hash = "sha512"});
  out.push_back({.blocks = 33, .salt = std::string(512, 'e')});
  out.push_back({.blocks = 500, .salt = salt, .behind_data = 4096});
  out.push_back({.blocks = 129, .hash = "sha512", .salt = salt, .behind_data = 512});
  out.push_back({.blocks = 16'500, .data_block = 512, .salt = salt});
  return out;
}

}  // namespace

TEST_CASE("roots agree with veritysetup's, whatever the size, the salt, the blocks and the hash",
          "[attest]") {
  unsigned seed = 0;
  for (const auto& how : all_cases()) {
    INFO(how.blocks << " blocks of " << how.data_block << ", hashes " << how.hash_block << ", " << how.hash);
    const TreeOnDisk tree(how, ++seed);
    CHECK(tree.computed(1).value() == tree.root);
    CHECK(tree.computed(2).value() == tree.root);
    CHECK(tree.computed(5).value() == tree.root);
    const auto checked = tree.check();
    INFO((checked ? "" : checked.error().message));
    CHECK(checked);
    auto other = tree.root;
    other.back() ^= 1;
    CHECK_FALSE(tree.check_with(other));
    CHECK_FALSE(tree.check_with(Bytes(tree.root).first(tree.root.size() - 1)));
  }
}

TEST_CASE("roots of trees of random shapes agree with veritysetup's", "[attest]") {
  std::mt19937 random(20'261'127);  // NOLINT(cert-msc51-cpp): the same shapes each time.
  const auto below = [&](unsigned most) {
    return std::uniform_int_distribution<unsigned>(0, most - 1)(random);
  };
  for (unsigned i = 0; i < 20; ++i) {
    const TreeCase how{.blocks = 1 + below(900),
                       .data_block = 512U << below(4),
                       .hash_block = 512U << below(7),
                       .hash = below(2) == 0 ? "sha256" : "sha512",
                       .salt = to_hex(bytes_of_text(random_bytes(1 + below(256), i))),
                       .behind_data = below(2) == 0 ? 0 : 4096U};
    INFO(how.blocks << " " << how.data_block << " " << how.hash_block << " " << how.hash << " " << how.salt);
    const TreeOnDisk tree(how, i);
    CHECK(tree.computed(2).value() == tree.root);
    CHECK(tree.check());
  }
}

TEST_CASE("every changed bit of a superblock is refused, but those of the UUID, which means nothing",
          "[attest]") {
  for (const auto& how : {TreeCase{.blocks = 300, .salt = salt}, TreeCase{.blocks = 1, .salt = salt},
                          TreeCase{.blocks = 129, .hash = "sha512", .salt = salt, .behind_data = 4096},
                          TreeCase{.blocks = 4096, .data_block = 512, .hash_block = 512, .salt = salt}}) {
    const TreeOnDisk tree(how);
    for (std::uint64_t at = 0; at < verity::Superblock::bytes; ++at) {
      const auto is_uuid = at >= 16 && at < 32;
      for (int bit = 0; bit < 8; ++bit) {
        const auto bits = static_cast<std::uint8_t>(1U << bit);
        change_byte(tree.hashes, tree.offset + at, bits);
        INFO("byte " << at << ", bit " << bit);
        CHECK(tree.check().has_value() == is_uuid);
        change_byte(tree.hashes, tree.offset + at, bits);
      }
    }
    CHECK(tree.check());
  }
}

TEST_CASE("a number of blocks that is another one is refused, even where the tree would stay as it is",
          "[attest]") {
  for (const auto blocks : {2U, 3U, 127U, 128U, 129U, 200U}) {
    const TreeOnDisk tree({.blocks = blocks, .salt = salt});
    for (std::uint64_t other = 0; other < 256; ++other) {
      INFO(blocks << " blocks, and the superblock says " << other);
      change_byte(tree.hashes, 72, static_cast<std::uint8_t>(blocks ^ other));
      CHECK(tree.check().has_value() == (other == blocks));
      change_byte(tree.hashes, 72, static_cast<std::uint8_t>(blocks ^ other));
    }
  }
}

TEST_CASE("changed data is another root, and in the last block it is refused without reading the rest",
          "[attest]") {
  const TreeOnDisk tree({.blocks = 200, .salt = salt});
  for (const std::uint64_t at : {std::uint64_t{0}, tree.data_bytes / 2, tree.data_bytes - 1}) {
    change_byte(tree.data, at);
    const auto computed = tree.computed(2);
    REQUIRE(computed);
    CHECK(*computed != tree.root);
    CHECK(tree.check().has_value() == (at + 4096 < tree.data_bytes));
    change_byte(tree.data, at);
  }
}

TEST_CASE("a disk that is too short for its data or its tree is refused", "[attest]") {
  const TreeOnDisk tree({.blocks = 300, .salt = salt});
  const auto size = std::filesystem::file_size(tree.hashes);
  for (const auto shorter : {size - 1, size - 4096, std::uintmax_t{511}, std::uintmax_t{0}}) {
    std::filesystem::resize_file(tree.hashes, shorter);
    const auto checked = tree.check();
    REQUIRE_FALSE(checked);
    // Before anything is read that is not there.
    CHECK(checked.error().message.contains("behind the"));
  }
  const TreeOnDisk other({.blocks = 300, .salt = salt});
  std::filesystem::resize_file(other.data, other.data_bytes - 1);
  CHECK_FALSE(other.check());
  CHECK_FALSE(other.computed(2));
}

TEST_CASE("a tree that lies in its own data is refused", "[attest]") {
  // veritysetup wrote the tree over the last blocks after it had hashed them; it does not mind.
  const TreeOnDisk tree({.blocks = 100, .behind_data = 4096});
  const UniqueFd fd(::open(tree.data.c_str(), O_RDONLY | O_CLOEXEC));
  const verity::DiskArea all{.fd = fd.get(), .size = std::filesystem::file_size(tree.data)};
  const auto superblock = verity::read_superblock(all, tree.offset);
  REQUIRE(superblock);
  CHECK(verity::check_tree(*superblock, tree.offset, {.fd = fd.get(), .size = tree.data_bytes}, all,
                           tree.root));
  CHECK_FALSE(verity::check_tree(*superblock, tree.offset, {.fd = fd.get(), .size = tree.data_bytes - 1}, all,
                                 tree.root));
}

TEST_CASE("superblocks of huge numbers lead nowhere", "[attest]") {
  const TreeOnDisk tree({.blocks = 2, .salt = salt});
  const UniqueFd fd(::open(tree.hashes.c_str(), O_RDONLY | O_CLOEXEC));
  const verity::DiskArea area{.fd = fd.get(), .size = std::filesystem::file_size(tree.hashes)};
  CHECK_FALSE(verity::read_superblock(area, ~0ULL));
  CHECK_FALSE(verity::read_superblock(area, area.size));
  auto superblock = verity::read_superblock(area, 0).value();
  for (const auto blocks : {1ULL << 49, (1ULL << 50) - 1}) {
    superblock.data_blocks = blocks;
    CHECK_FALSE(verity::check_tree(superblock, 0, {.fd = fd.get(), .size = ~0ULL}, area, tree.root));
  }
  CHECK_FALSE(verity::layout_of(superblock, ~0ULL));
  verity::Crew crew(1);
  CHECK_FALSE(verity::dm_verity_root(fd.get(), superblock, crew, [](std::uint64_t) {}));
}
