#include "attest/verity/superblock.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace immure::attest::verity {
namespace {

struct Field {
  std::size_t at;
  std::size_t size;
};
constexpr Field signature{0, 8}, version{8, 4}, hash_type{12, 4}, algorithm{32, 32}, data_block{64, 4},
    hash_block{68, 4}, data_blocks{72, 8}, salt_size{80, 2}, first_padding{82, 6}, salt{88, 256},
    last_padding{344, 168};
static_assert(last_padding.at + last_padding.size == Superblock::bytes);

Bytes part(Bytes bytes, Field field) { return bytes.subspan(field.at, field.size); }

std::uint64_t number(Bytes bytes, Field field) {
  std::uint64_t value = 0;
  for (std::size_t i = field.size; i-- > 0;) value = value << 8 | bytes[field.at + i];
  return value;
}

/// The name and zeros behind it.
bool is_name(Bytes bytes, std::string_view name) {
  const auto text = bytes_of_text(name);
  return std::ranges::equal(bytes.first(text.size()), text) && all_zero(bytes.subspan(text.size()));
}

Result<TreeHash> parse_algorithm(Bytes bytes) {
  for (const auto hash : {TreeHash::sha256, TreeHash::sha512}) {
    if (is_name(bytes, name_of(hash))) return hash;
  }
  return invalid("the dm-verity superblock has a hash other than sha256 and sha512");
}

bool is_block_size(std::uint64_t size, std::uint64_t most) {
  constexpr std::uint64_t sector = 512;
  return size >= sector && size <= most && std::has_single_bit(size);
}

}  // namespace

Result<Superblock> parse_superblock(Bytes bytes) {
  constexpr std::uint64_t largest_data_block = 4096, largest_hash_block = 512 << 10, most_bytes = 1ULL << 62;
  constexpr std::string_view magic{"verity\0\0", 8};
  if (bytes.size() != Superblock::bytes ||
      !std::ranges::equal(part(bytes, signature), bytes_of_text(magic))) {
    return invalid(
        "there is no dm-verity superblock where the specification says; hash_offset must be the "
        "--hash-offset that veritysetup format had");
  }
  if (number(bytes, version) != 1 || number(bytes, hash_type) != 1) {
    return invalid("the dm-verity superblock is not of version 1 and hash type 1");
  }
  Superblock out;
  out.hash = IMMURE_TRY(parse_algorithm(part(bytes, algorithm)));
  const auto data = number(bytes, data_block);
  const auto hash = number(bytes, hash_block);
  if (!is_block_size(data, largest_data_block) || !is_block_size(hash, largest_hash_block)) {
    return invalid("the dm-verity superblock has a size of blocks that the kernel does not take");
  }
  out.data_block_bytes = static_cast<std::uint32_t>(data);
  out.hash_block_bytes = static_cast<std::uint32_t>(hash);
  out.data_blocks = number(bytes, data_blocks);
  if (out.data_blocks == 0 || out.data_blocks >= most_bytes / data) {
    return invalid("the dm-verity superblock has no data blocks, or too many");
  }
  const auto salt_bytes = number(bytes, salt_size);
  if (salt_bytes > salt.size) return invalid("the dm-verity superblock has a salt of more than 256 bytes");
  const auto room = part(bytes, salt);
  if (!all_zero(room.subspan(salt_bytes)) || !all_zero(part(bytes, first_padding)) ||
      !all_zero(part(bytes, last_padding))) {
    return invalid("the dm-verity superblock is not zero where nothing belongs");
  }
  out.salt.assign(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(salt_bytes));
  return out;
}

}  // namespace immure::attest::verity
