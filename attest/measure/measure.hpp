#pragma once

#include <optional>
#include <vector>

#include "attest/measure/event.hpp"
#include "attest/measure/file_digests.hpp"
#include "policy/guest_record.hpp"

namespace immure::attest::measure {

/// An open file to measure. The descriptor stays the caller's: what is measured is what it refers to, not a
/// path.
struct OpenFile {
  int fd = -1;
  std::uint64_t size = 0;
  /// What the kernel says of a file under fs-verity: it is then not read at all.
  struct Verity {
    std::string algorithm;  ///< "sha256" or "sha512"
    ByteVector digest;
  };
  std::optional<Verity> verity{};
};

/// What a launch of one guest consists of.
struct GuestFiles {
  OpenFile kernel;
  std::optional<OpenFile> initrd;
  OpenFile vmm;
  /// As many as the record has disks, in its order; nothing for one that the guest may write.
  std::vector<std::optional<OpenFile>> disks;
};

/// The bytes that measuring will read, for a progress bar.
std::uint64_t bytes_to_read(const GuestFiles& files);

/// Every event of a launch: code first, then identity. `record` has passed check(). An Error where a file
/// cannot be read or changes meanwhile, or where a disk that is read-only was not handed over.
Result<std::vector<Event>> measure_guest(const policy::GuestRecord& record, const GuestFiles& files,
                                         const Progress& progress);

}  // namespace immure::attest::measure
