#include "selinux/content_labels.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"

namespace immure::selinux {
namespace {

/// In place of an empty label: the target of a symbolic link cannot be empty.
constexpr const char* no_label = "-";
constexpr const char* old_name = "old";

Result<void> link_once(const std::string& path, const std::string& target) {
  return tolerate(EEXIST, checked(::symlink(target.c_str(), path.c_str()), "make the note " + path));
}

Result<void> remove_if_there(const std::string& path) {
  return tolerate(ENOENT, checked(::remove(path.c_str()), "remove the note " + path));
}

}  // namespace

Result<ContentLabels> ContentLabels::open(const std::string& directory) {
  IMMURE_TRY(tolerate(EEXIST, checked(::mkdir(directory.c_str(), 0700), "make " + directory)));
  return ContentLabels(directory);
}

Result<UniqueFd> ContentLabels::lock() const {
  auto fd = IMMURE_TRY(open_file(path_, O_DIRECTORY | O_RDONLY, Links::refused));
  IMMURE_TRY(checked(::flock(fd.get(), LOCK_EX), "lock " + path_));
  return fd;
}

std::string ContentLabels::notes_on(const JournalEntry& entry) const {
  return path_ + "/" + std::to_string(entry.device) + "-" + std::to_string(entry.inode) + "/";
}

Result<void> ContentLabels::acquire(const LabelRequest& request, Journal& journal) const {
  const auto held = IMMURE_TRY(lock());
  auto entry = IMMURE_TRY(label_entry(EntryKind::content, request));
  const auto notes = notes_on(entry);

  // Where another guest has it already, the old label is the one noted then, not the one it carries now.
  const auto noted = read_link(AT_FDCWD, notes + old_name);
  if (!noted && noted.error().error_number != ENOENT) return std::unexpected(noted.error());
  if (noted) {
    const auto old = *noted == no_label ? std::string_view() : std::string_view(*noted);
    entry.old_context = IMMURE_TRY(decltype(entry.old_context)::from(old, "the old label"));
  }
  IMMURE_TRY(journal.append(entry));
  IMMURE_TRY(journal.sync());

  IMMURE_TRY(tolerate(EEXIST, checked(::mkdir(notes.c_str(), 0700), "make the note " + notes)));
  const std::string old(entry.old_context.view());
  IMMURE_TRY(link_once(notes + old_name, old.empty() ? no_label : old));
  IMMURE_TRY(link_once(notes + journal.owner(), request.path));
  return set_label(request);
}

Result<void> ContentLabels::release(const JournalEntry& entry, const std::string& uuid) const {
  const auto held = IMMURE_TRY(lock());
  const auto notes = notes_on(entry);
  IMMURE_TRY(remove_if_there(notes + uuid));
  auto directory = open_file(notes, O_DIRECTORY | O_RDONLY, Links::refused);
  // No notes: they went with a reboot, or the guest before us was the last. The journal knows enough.
  if (!directory && directory.error().error_number == ENOENT) return restore_label(entry);
  if (!directory) return std::unexpected(std::move(directory).error());

  const auto names = IMMURE_TRY(list_directory(*std::move(directory), notes));
  if (std::ranges::any_of(names, [](const auto& name) { return name != old_name; })) return {};
  IMMURE_TRY(restore_label(entry));
  IMMURE_TRY(remove_if_there(notes + old_name));
  return remove_if_there(notes);
}

}  // namespace immure::selinux
