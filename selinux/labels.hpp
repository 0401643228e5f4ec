#pragma once

#include <span>
#include <string>

#include "selinux/journal.hpp"

namespace immure::selinux {

// The label of an open file: its security.selinux extended attribute. A file descriptor, never a path, says
// which file is meant; one opened with O_PATH will do. Needs /proc.

/// A file that a guest gets: open, at `path` when it was opened, and the label it is to carry.
struct LabelRequest {
  int fd = -1;
  std::string path;
  std::string context;
};

/// An empty context removes the label. Reads back what the kernel made of it; an Error where that differs.
Result<void> set_label(const LabelRequest& request);

/// The entry that stands for labelling the open file `request.fd`, with its label as it is now.
Result<JournalEntry> label_entry(EntryKind kind, const LabelRequest& request);

/// Labels the files of one guest: notes all old labels in the journal, makes the journal durable, then sets
/// and reads back each label. What fails in between is undone by the journal's owner.
Result<void> label_files(std::span<const LabelRequest> requests, Journal& journal);

/// Gives the file of a label entry its old label back, if the entry's path still leads to that very file
/// (device and inode, no symbolic link on the way) and the label is still the one that we set: what somebody
/// else labelled in the meantime stands. Doing it again is harmless.
Result<void> restore_label(const JournalEntry& entry);

}  // namespace immure::selinux
