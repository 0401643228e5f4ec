#include "attest/measure/disks.hpp"

#include <algorithm>

#include "attest/verity/tree.hpp"
#include "attest/verity/tree_root.hpp"
#include "policy/verity_rules.hpp"

namespace immure::attest::measure {

namespace {

/// Of a disk that is measured as a whole: by what fs-verity says of it, or by all of its bytes.
Result<std::vector<Field>> file_fields(const OpenFile& file, const Progress& progress) {
  if (file.verity) {
    return std::vector<Field>{{"fs-verity-" + file.verity->algorithm, to_hex(file.verity->digest)},
                              {"size", std::to_string(file.size)}};
  }
  return digest_fields(IMMURE_TRY(digests_of_file(file.fd, file.size, progress)), file.size);
}

}  // namespace

Result<std::vector<Field>> DiskMeasurer::fields_of(std::uint32_t index) {
  const auto& disk = record_.disks.at(index);
  if (disk.access == policy::DiskAccess::read_write) return std::vector<Field>{{"unmeasured", "writable"}};
  const auto& file = *IMMURE_TRY(opened(index));
  if (disk.verity.mount != policy::VerityMount::none) return by_tree(index, file);
  if (file.verity || reading_.plain == PlainDisks::by_hashes) return file_fields(file, progress_);
  const auto digest =
      IMMURE_TRY(verity::fs_verity_digest(file.fd, file.size, verity::TreeHash::sha256, crew_, progress_));
  IMMURE_TRY(require_end(file.fd, file.size));
  return std::vector<Field>{{"fs-verity-sha256", to_hex(digest)}, {"size", std::to_string(file.size)}};
}

/// "size" is what the tree covers: nothing else of the disk is mounted.
Result<std::vector<Field>> DiskMeasurer::by_tree(std::uint32_t index, const OpenFile& data) {
  const auto& wanted = record_.disks.at(index).verity;
  const auto& tree = *IMMURE_TRY(opened(policy::hash_disk_of(record_, index)));
  const verity::DiskArea hashes{.fd = tree.fd, .size = tree.size};
  // Data that went on into its own tree could never be what the tree was made of.
  const auto room = wanted.hash_disk.empty() ? std::min(data.size, wanted.hash_offset) : data.size;
  const auto superblock = IMMURE_TRY(verity::read_superblock(hashes, wanted.hash_offset));
  const auto root = policy::root_hash_of(wanted);
  IMMURE_TRY(verity::check_tree(superblock, wanted.hash_offset, {.fd = data.fd, .size = room}, hashes, root));
  if (reading_.trees == TreeReading::all &&
      !std::ranges::equal(IMMURE_TRY(verity::dm_verity_root(data.fd, superblock, crew_, progress_)), root)) {
    return invalid("its data is not that of root_hash: it was written to after `veritysetup format`");
  }
  return std::vector<Field>{{"dm-verity-" + std::string(verity::name_of(superblock.hash)), to_hex(root)},
                            {"size", std::to_string(superblock.data_bytes())}};
}

Result<const OpenFile*> DiskMeasurer::opened(std::uint32_t index) {
  if (index >= files_.disks.size() || !files_.disks[index]) return invalid("it was not opened");
  return &*files_.disks[index];
}

}  // namespace immure::attest::measure
