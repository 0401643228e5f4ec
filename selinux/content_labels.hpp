#pragma once

#include <string>

#include "selinux/labels.hpp"

namespace immure::selinux {

/// The labels of read-only disks, which any number of guests may have at once: immure_content_t while at
/// least one has it, the old label again after the last.
///
/// Below `directory`: DEVICE-INODE/old is a symbolic link to the old label, DEVICE-INODE/UUID one for each
/// guest. Every change happens under a lock on `directory`, which the kernel drops with its holder, and can
/// be repeated.
class ContentLabels {
 public:
  /// Makes `directory` where it is missing; its parent must exist.
  static Result<ContentLabels> open(const std::string& directory);

  /// Journals, makes durable, notes the guest (the journal's owner) and labels the file. `request.context` is
  /// content_context.
  [[nodiscard]] Result<void> acquire(const LabelRequest& request, Journal& journal) const;
  /// Undoes a content entry of the guest `uuid`; the label stays while other guests have the file.
  [[nodiscard]] Result<void> release(const JournalEntry& entry, const std::string& uuid) const;

 private:
  explicit ContentLabels(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Result<UniqueFd> lock() const;
  [[nodiscard]] std::string notes_on(const JournalEntry& entry) const;
  std::string path_;
};

}  // namespace immure::selinux
