#pragma once

#include <span>
#include <string>

#include "selinux/journal.hpp"

namespace immure::selinux {

/// A file that a guest gets: open, at `path` when it was opened, and the label it is to carry.
struct LabelRequest {
  int fd = -1;
  std::string path;
  std::string context;
};

/// Labels the files of one guest: notes all old labels in the journal, makes the journal durable, then sets
/// and reads back each label. What fails in between is undone by the journal's owner.
Result<void> label_files(std::span<const LabelRequest> requests, Journal& journal);

/// What became of a label that was to be given back.
enum class Restored {
  restored,   ///< the old label is back
  untouched,  ///< it never was changed, or is back already
  foreign,    ///< somebody else labelled it in the meantime; that stands
  gone,       ///< the path leads to another file or to none; nothing was changed
};

/// Undoes one label entry. Where the caller still has the file open, `fd` says so and the path plays no part;
/// otherwise the file is looked for at its path, and must still be the same (device and inode).
Result<Restored> restore_label(const JournalEntry& entry, int fd);
Result<Restored> restore_label(const JournalEntry& entry);

/// The entry that stands for labelling the open file `request.fd`, with its label as it is now.
Result<JournalEntry> label_entry(EntryKind kind, const LabelRequest& request);

}  // namespace immure::selinux
