#include <algorithm>
#include <array>

#include "base/hex.hpp"
#include "policy/toml/choice.hpp"
#include "policy/toml/guest_spec_reader.hpp"
#include "policy/toml/values.hpp"
#include "policy/verity_rules.hpp"

// Disks that the guest reads through dm-verity, and what its command line then has to say.

namespace immure::policy::toml_text {
namespace {

const Key root_hash_key{"root_hash",
                        "64 hexadecimal digits (SHA-256) or 128 (SHA-512), as `veritysetup format` prints",
                        Need::required};
const Key hash_offset_key{"hash_offset",
                          "the --hash-offset of `veritysetup format`: bytes or a size, in steps of 512"};
const Key hash_disk_key{"hash_disk",
                        "the id of another read-only disk, without verity of its own, that has the tree"};
const Key read_only_key{"read_only", "true for a disk with verity"};
const Key initrd_key{"initrd", "the path of one that sets verity up"};
const Key command_line_key{"command_line", "at most 2047 bytes, and nothing that contradicts disks[].verity"};
constexpr std::uint64_t largest_offset = 1ULL << 50;

}  // namespace

VerityRecord GuestSpecReader::read_verity(TableReader& disk, DiskAccess access) {
  auto table = disk.table("verity");
  if (!disk.has("verity")) return {};
  VerityRecord verity;
  constexpr std::array mounts{Choice<VerityMount>{"root", VerityMount::root},
                              Choice<VerityMount>{"usr", VerityMount::usr}};
  verity.mount =
      choose(table, "mount", std::span<const Choice<VerityMount>>(mounts)).value_or(VerityMount::root);
  if (const auto text = table.text(root_hash_key)) {
    const auto bytes = from_hex(*text);
    const auto is_digest = bytes && (bytes->size() == sha256_bytes || bytes->size() == sha512_bytes);
    if (!is_digest || std::ranges::all_of(*bytes, [](auto byte) { return byte == 0; })) {
      table.reject(root_hash_key, quoted(*text) + " is no such hash");
    } else {
      verity.hash_bytes = static_cast<std::uint32_t>(bytes->size());
      std::ranges::copy(*bytes, verity.root_hash.begin());
    }
  }
  verity.hash_offset =
      table.size(hash_offset_key, {.least = 0, .most = largest_offset, .step = verity_superblock_bytes})
          .value_or(0);
  if (const auto id = table.text(hash_disk_key)) {
    if (is_device_id(*id)) {
      verity.hash_disk = decltype(verity.hash_disk)::fitting(*id);
    } else {
      table.reject(hash_disk_key, quoted(*id) + " cannot be an id");
    }
  } else if (verity.hash_offset == 0) {
    table.reject(hash_offset_key, "there is neither an offset nor a hash_disk: where is the tree?");
  }
  if (access != DiskAccess::read_only) disk.reject(read_only_key, "a disk with verity is not written");
  table.finish();
  return verity;
}

void GuestSpecReader::read_verity_boot(TableReader& root) {
  const auto has_tree = [](const DiskRecord& disk) { return disk.verity.mount != VerityMount::none; };
  // What could not be read was told of, and what follows from it would be no news.
  if (!diagnostics_->empty() || std::ranges::none_of(record_.disks, has_tree)) return;
  auto disks = root.tables("disks");
  for (std::uint32_t i = 0; i < record_.disk_count; ++i) {
    const auto& name = record_.disks[i].verity.hash_disk;
    const auto other = hash_disk_of(record_, i);
    if (name.empty() || is_tree_disk(record_, i, other)) continue;
    return disks[i].table("verity").reject(hash_disk_key, quoted(name.view()) + " is none");
  }
  auto boot = root.table("boot");
  if (record_.initrd.empty()) return boot.reject(initrd_key, "there is none, and a disk has verity");
  const auto arguments = verity_arguments(record_);
  const auto given = std::string(record_.command_line.view());
  if (const auto word = verity_contradiction(record_, given)) {
    return boot.reject(
        command_line_key,
        quoted(*word) + " contradicts a disk's verity, for which it begins with " + quoted(arguments));
  }
  if (given.starts_with(arguments)) return;
  const auto line =
      decltype(record_.command_line)::from(arguments + given, "the text, with what verity needs,");
  if (!line) return boot.reject(command_line_key, line.error().message);
  record_.command_line = *line;
}

}  // namespace immure::policy::toml_text
