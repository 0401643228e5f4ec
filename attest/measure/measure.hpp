#pragma once

#include <optional>
#include <vector>

#include "attest/measure/event.hpp"
#include "attest/measure/file_digests.hpp"
#include "attest/verity/crew.hpp"
#include "base/fs_verity.hpp"
#include "policy/guest_record.hpp"

namespace immure::attest::measure {

/// An open file to measure. The descriptor stays the caller's: what is measured is what it refers to, not a
/// path.
struct OpenFile {
  int fd = -1;
  std::uint64_t size = 0;
  /// Of a disk under fs-verity, which is then not read at all.
  std::optional<FsVerity> verity{};
  /// Of a kernel, initrd or VMM: where they are known already.
  std::optional<Digests> digests{};
};

/// What a launch of one guest consists of.
struct GuestFiles {
  OpenFile kernel;
  std::optional<OpenFile> initrd;
  OpenFile vmm;
  /// As many as the record has disks, in its order; nothing for one that the guest may write.
  std::vector<std::optional<OpenFile>> disks;
};

/// By what a read-only disk is known that is neither under fs-verity nor has a dm-verity root. fs_verity: by
/// what fs-verity will say of the file where it is enabled, with SHA-256.
enum class PlainDisks { by_hashes, by_fs_verity };
/// How much of a disk with a dm-verity root is read here. one_path: what shows that superblock and tree are
/// those of the root; all of it: that each block of the data is, too.
enum class TreeReading { one_path, all };

struct DiskReading {
  PlainDisks plain = PlainDisks::by_hashes;
  TreeReading trees = TreeReading::one_path;
};

/// Whether such a disk is read by many threads.
constexpr bool wants_crew(const DiskReading& reading) {
  return reading.plain == PlainDisks::by_fs_verity || reading.trees == TreeReading::all;
}

/// The bytes that measuring will read, for a progress bar.
std::uint64_t bytes_to_read(const policy::GuestRecord& record, const GuestFiles& files,
                            const DiskReading& reading);

/// Every event of a launch: code first, then identity. `record` has passed check(). An Error where a file
/// cannot be read or changes meanwhile, where a disk that is read-only was not handed over, or where what a
/// disk has of dm-verity is not of its root hash.
Result<std::vector<Event>> measure_guest(const policy::GuestRecord& record, const GuestFiles& files,
                                         const DiskReading& reading, verity::Crew& crew,
                                         const Progress& progress);

}  // namespace immure::attest::measure
