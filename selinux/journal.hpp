#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "policy/journal_entry.hpp"

namespace immure::selinux {

using policy::EntryKind;
using policy::JournalEntry;
using policy::LeaseKind;

/// What a journal holds, newest entry first: the order in which things are undone.
struct JournalContents {
  std::vector<JournalEntry> entries;
  /// Entries before the last one that cannot be read; what they stood for must be looked for by hand. A torn
  /// last entry does not count: its deed was never done.
  std::size_t unreadable = 0;
};

/// The journal of one launch: DIRECTORY/UUID, a row of JournalEntry. Whoever holds the open file description
/// lock on it (fcntl(2), F_OFD_SETLK) owns the launch; the lock goes with its process, so a journal without a
/// lock belongs to a launch that nobody looks after any more.
class Journal {
 public:
  /// A new, empty, locked journal. It gets its name only once it is locked, so that nobody takes it for an
  /// abandoned one. Needs /proc.
  static Result<Journal> create(const std::string& directory, const std::string& uuid);
  /// Takes over the journal of a launch whose owner is gone; nothing where its owner lives, or the journal is
  /// gone.
  static Result<std::optional<Journal>> adopt(const std::string& directory, const std::string& uuid);
  /// The uuids of all journals, of living and abandoned launches; none where the directory is missing.
  static Result<std::vector<std::string>> list(const std::string& directory);

  [[nodiscard]] const std::string& owner() const { return uuid_; }

  /// Call before the deed. Survives the death of this process, but not a loss of power.
  Result<void> append(JournalEntry entry);
  /// Makes everything so far survive a loss of power. Needed before a label changes: labels survive one too.
  Result<void> sync();
  [[nodiscard]] Result<JournalContents> read() const;
  /// Everything is undone: the journal goes.
  Result<void> remove();

 private:
  Journal(UniqueFd file, std::string directory, std::string uuid, std::uint64_t next)
      : file_(std::move(file)), directory_(std::move(directory)), uuid_(std::move(uuid)), next_(next) {}
  [[nodiscard]] std::string path() const { return directory_ + "/" + uuid_; }

  UniqueFd file_;
  std::string directory_;
  std::string uuid_;
  std::uint64_t next_ = 0;  ///< sequence of the next entry
};

}  // namespace immure::selinux
