#include "policy/verity_rules.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "base/hex.hpp"

namespace immure::policy {
namespace {

struct Option {
  std::string key;
  std::string value;
};

/// As udev names a virtio disk by its serial number.
std::string device_of(const DiskRecord& disk) {
  return "/dev/disk/by-id/virtio-" + std::string(disk.id.view());
}

std::span<const DiskRecord> disks_of(const GuestRecord& record) {
  return std::span(record.disks).first(std::min(record.disk_count, max_disks));
}

/// Options of the generator, and where the file system is mounted from. All keys are there for each mount,
/// since what is not given could be given by somebody else; an empty value is not written.
std::vector<Option> options_for(const GuestRecord& record, std::uint32_t index) {
  const auto& disk = record.disks[index];
  const auto& verity = disk.verity;
  const std::string mount = verity.mount == VerityMount::root ? "root" : "usr";
  const auto hash_disk = hash_disk_of(record, index);
  const auto prefix = "systemd.verity_" + mount;
  return {{mount + "hash", root_hash_text(verity)},
          {prefix + "_data", device_of(disk)},
          {prefix + "_hash", hash_disk < record.disk_count ? device_of(record.disks[hash_disk]) : ""},
          {prefix + "_options",
           verity.hash_offset == 0 ? "" : "hash-offset=" + std::to_string(verity.hash_offset)},
          {verity.mount == VerityMount::root ? "root" : "mount.usr", "/dev/mapper/" + mount}};
}

std::vector<Option> all_options(const GuestRecord& record) {
  std::vector<Option> out;
  for (std::uint32_t i = 0; i < disks_of(record).size(); ++i) {
    if (record.disks[i].verity.mount == VerityMount::none) continue;
    if (out.empty()) out.push_back({"systemd.verity", "1"});
    for (auto& option : options_for(record, i)) out.push_back(std::move(option));
  }
  return out;
}

/// As systemd compares keys: '-' is '_', and in the initrd "rd." in front does not count.
std::string plain_key(std::string_view key) {
  if (key.starts_with("rd.")) key.remove_prefix(3);
  std::string out(key);
  std::ranges::replace(out, '-', '_');
  return out;
}

/// Words between blanks, without quotes and backslashes. Readers of command lines do not agree on what
/// quotes mean, so a word in quotes is a word like any other.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  for (const char c : line) {
    if (c == '"' || c == '\'' || c == '\\') continue;
    const auto is_blank = c == ' ' || c == '\xa0';  // The kernel's isspace(): lib/ctype.c.
    if (!is_blank && !in_word) words.emplace_back();
    in_word = !is_blank;
    if (in_word) words.back() += c;
  }
  return words;
}

Result<void> check_disk_verity(const GuestRecord& record, std::uint32_t index, const std::string& key) {
  const auto& disk = record.disks[index];
  const auto& verity = disk.verity;
  if (verity == VerityRecord{}) return {};
  if (verity.mount < VerityMount::root || verity.mount > VerityMount::usr) {
    return invalid(key + ".mount must be \"root\" or \"usr\"");
  }
  if (disk.access != DiskAccess::read_only) return invalid(key + " needs read_only = true");
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  if ((verity.hash_bytes != sha256_bytes && verity.hash_bytes != sha512_bytes) ||
      std::ranges::all_of(root_hash_of(verity), is_zero) ||
      !std::ranges::all_of(std::span(verity.root_hash).subspan(verity.hash_bytes), is_zero)) {
    return invalid(key + ".root_hash must be a SHA-256 or SHA-512");
  }
  if (verity.hash_offset % verity_superblock_bytes != 0) {
    return invalid(key + ".hash_offset must be in steps of 512 bytes");
  }
  if (verity.hash_disk.empty()) {
    if (verity.hash_offset == 0) return invalid(key + " needs hash_offset or hash_disk: where is the tree?");
    return {};
  }
  if (!verity.hash_disk.is_well_formed() || !is_tree_disk(record, index, hash_disk_of(record, index))) {
    return invalid(key + ".hash_disk must be the id of another disk, read-only and without verity");
  }
  return {};
}

}  // namespace

std::string root_hash_text(const VerityRecord& verity) { return to_hex(root_hash_of(verity)); }

std::uint32_t hash_disk_of(const GuestRecord& record, std::uint32_t index) {
  const auto& name = record.disks[index].verity.hash_disk;
  if (name.empty()) return index;
  const auto disks = disks_of(record);
  return static_cast<std::uint32_t>(std::ranges::find(disks, name, &DiskRecord::id) - disks.begin());
}

bool is_tree_disk(const GuestRecord& record, std::uint32_t index, std::uint32_t other) {
  if (other >= disks_of(record).size() || other == index) return false;
  const auto& disk = record.disks[other];
  return disk.access == DiskAccess::read_only && disk.verity == VerityRecord{};
}

std::string verity_arguments(const GuestRecord& record) {
  std::string out;
  for (const auto& option : all_options(record)) {
    if (!option.value.empty()) out += option.key + "=" + option.value + " ";
  }
  return out;
}

std::optional<std::string> verity_contradiction(const GuestRecord& record, std::string_view command_line) {
  const auto options = all_options(record);
  for (const auto& word : words_of(command_line)) {
    const auto equals = word.find('=');
    const auto key = plain_key(word.substr(0, equals));
    const auto* found = std::ranges::find(options.data(), options.data() + options.size(), key, &Option::key);
    if (found == options.data() + options.size()) continue;
    if (equals == std::string::npos || word.substr(equals + 1) != found->value) return word;
  }
  return std::nullopt;
}

Result<void> check_verity(const GuestRecord& record) {
  std::array<std::uint32_t, 3> mounts{};
  for (std::uint32_t i = 0; i < disks_of(record).size(); ++i) {
    const auto key = "disks[" + std::to_string(i) + "].verity";
    IMMURE_TRY(check_disk_verity(record, i, key));
    const auto mount = record.disks[i].verity.mount;
    if (mount != VerityMount::none && ++mounts.at(static_cast<std::size_t>(mount)) > 1) {
      return invalid(key + ".mount: another disk is mounted there already");
    }
  }
  const auto arguments = verity_arguments(record);
  if (arguments.empty()) return {};
  if (record.initrd.empty()) {
    return invalid("disks[].verity needs boot.initrd: it is the initrd that sets verity up");
  }
  if (!record.command_line.view().starts_with(arguments)) {
    return invalid("boot.command_line does not begin with what a disk with verity needs: " + arguments);
  }
  if (const auto word = verity_contradiction(record, record.command_line.view())) {
    return invalid("boot.command_line: \"" + *word +
                   "\" contradicts what a disk with verity needs: " + arguments);
  }
  return {};
}

}  // namespace immure::policy
