#include "selinux/labeller.hpp"

#include <sys/stat.h>

#include "selinux/file_label.hpp"

namespace immure::selinux {
namespace {

Result<bool> is_file_of(const JournalEntry& entry, int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("look at " + std::string(entry.path.view()));
  return status.st_dev == entry.device && status.st_ino == entry.inode;
}

}  // namespace

Result<JournalEntry> label_entry(EntryKind kind, const LabelRequest& request) {
  struct stat status{};
  if (::fstat(request.fd, &status) != 0) return system_error("look at " + request.path);
  const auto old = label_of(request.fd);
  if (!old) return with_context(request.path, old.error());

  auto entry = IMMURE_TRY(path_entry(kind, request.path));
  entry.device = status.st_dev;
  entry.inode = status.st_ino;
  entry.old_context = IMMURE_TRY(decltype(entry.old_context)::from(*old, "the old label"));
  entry.new_context = IMMURE_TRY(decltype(entry.new_context)::from(request.context, "the new label"));
  return entry;
}

Result<void> label_files(std::span<const LabelRequest> requests, Journal& journal) {
  for (const auto& request : requests) {
    IMMURE_TRY(journal.append(IMMURE_TRY(label_entry(EntryKind::label, request))));
  }
  // One sync for all of them: labels survive a loss of power, so their journal must.
  if (!requests.empty()) IMMURE_TRY(journal.sync());
  for (const auto& request : requests) {
    if (auto set = set_label(request.fd, request.context); !set)
      return with_context(request.path, set.error());
  }
  return {};
}

Result<Restored> restore_label(const JournalEntry& entry, int fd) {
  if (!IMMURE_TRY(is_file_of(entry, fd))) return Restored::gone;
  const std::string old(entry.old_context.view());
  const auto now = IMMURE_TRY(label_of(fd));
  if (now == old) return Restored::untouched;
  if (now != entry.new_context.view()) return Restored::foreign;
  IMMURE_TRY(set_label(fd, old));
  return Restored::restored;
}

Result<Restored> restore_label(const JournalEntry& entry) {
  const auto file = open_without_links(std::string(entry.path.view()));
  // Moved, removed, or a symbolic link lies there now: whatever it is, it is not what we labelled.
  if (!file) {
    const int why = file.error().error_number;
    if (why == ENOENT || why == ENOTDIR || why == ELOOP) return Restored::gone;
    return std::unexpected(file.error());
  }
  return restore_label(entry, file->get());
}

}  // namespace immure::selinux
