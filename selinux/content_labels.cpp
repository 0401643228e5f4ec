#include "selinux/content_labels.hpp"

#include <array>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "selinux/file_label.hpp"

namespace immure::selinux {
namespace {

/// In place of an empty label: the target of a symbolic link cannot be empty.
constexpr std::string_view no_label = "-";
constexpr const char* old_name = "old";

/// Holds flock(2) on the directory. A descriptor of its own: the lock belongs to the open file description.
Result<UniqueFd> lock(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC));
  if (!fd || ::flock(fd.get(), LOCK_EX) != 0) return system_error("lock " + path);
  return fd;
}

Result<void> link_once(int directory, const std::string& name, std::string_view target) {
  if (::symlinkat(std::string(target).c_str(), directory, name.c_str()) == 0 || errno == EEXIST) return {};
  return system_error("note " + name + " as a user of shared content");
}

Result<void> unlink_if_there(int directory, const std::string& name, int flags) {
  if (::unlinkat(directory, name.c_str(), flags) == 0 || errno == ENOENT) return {};
  return system_error("remove the note " + name + " of shared content");
}

/// Nothing noted yet: an empty string with `found` left alone.
Result<std::string> noted_label(int directory) {
  std::array<char, 256> target{};
  const auto length = ::readlinkat(directory, old_name, target.data(), target.size());
  if (length < 0) return system_error("read the old label of shared content");
  const std::string_view label(target.data(), static_cast<std::size_t>(length));
  return std::string(label == no_label ? std::string_view() : label);
}

Result<bool> has_guests(int directory) {
  const int copy = ::openat(directory, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
  DIR* stream = copy < 0 ? nullptr : ::fdopendir(copy);
  if (stream == nullptr) return system_error("list the users of shared content");
  bool found = false;
  while (const dirent* entry = ::readdir(stream)) {
    if (entry->d_name[0] != '.' && std::string_view(entry->d_name) != old_name) found = true;
  }
  ::closedir(stream);
  return found;
}

std::string name_of(const JournalEntry& entry) {
  return std::to_string(entry.device) + "-" + std::to_string(entry.inode);
}

}  // namespace

Result<ContentLabels> ContentLabels::open(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return system_error("make " + directory);
  UniqueFd root(::open(directory.c_str(), O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC));
  if (!root) return system_error("open " + directory);
  return ContentLabels(std::move(root), directory);
}

Result<void> ContentLabels::acquire(const LabelRequest& request, Journal& journal) const {
  const auto held = IMMURE_TRY(lock(path_));
  auto entry = IMMURE_TRY(label_entry(EntryKind::content, request));
  const auto name = name_of(entry);

  // Another guest has it already: the old label is the one noted then, not the one it carries now.
  UniqueFd directory(::openat(root_.get(), name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC));
  if (directory) {
    if (const auto old = noted_label(directory.get())) {
      entry.old_context = IMMURE_TRY(decltype(entry.old_context)::from(*old, "the old label"));
    }
  }
  IMMURE_TRY(journal.append(entry));
  IMMURE_TRY(journal.sync());

  if (!directory) {
    if (::mkdirat(root_.get(), name.c_str(), 0700) != 0) return system_error("make the note " + name);
    directory.reset(::openat(root_.get(), name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC));
    if (!directory) return system_error("open the note " + name);
  }
  const auto old = entry.old_context.view();
  IMMURE_TRY(link_once(directory.get(), old_name, old.empty() ? no_label : old));
  IMMURE_TRY(link_once(directory.get(), journal.owner(), request.path));
  if (auto set = set_label(request.fd, request.context); !set) return with_context(request.path, set.error());
  return {};
}

Result<Restored> ContentLabels::release(const JournalEntry& entry, const std::string& uuid) const {
  const auto held = IMMURE_TRY(lock(path_));
  const auto name = name_of(entry);
  const UniqueFd directory(
      ::openat(root_.get(), name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_RDONLY | O_CLOEXEC));
  // No notes: they went with a reboot, or the guest before us was the last. The journal knows enough.
  if (!directory) return restore_label(entry);

  IMMURE_TRY(unlink_if_there(directory.get(), uuid, 0));
  if (IMMURE_TRY(has_guests(directory.get()))) return Restored::untouched;
  const auto restored = IMMURE_TRY(restore_label(entry));
  IMMURE_TRY(unlink_if_there(directory.get(), old_name, 0));
  IMMURE_TRY(unlink_if_there(root_.get(), name, AT_REMOVEDIR));
  return restored;
}

}  // namespace immure::selinux
