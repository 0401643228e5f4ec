#include "selinux/labels.hpp"

#include <fcntl.h>
#include <selinux/selinux.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/files.hpp"

namespace immure::selinux {
namespace {

/// fgetxattr(2) refuses O_PATH descriptors; the magic link leads to the very same file.
std::string magic_link(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

/// Empty where the file has none (a host without SELinux).
Result<std::string> label_of(int fd, const std::string& path) {
  char* context = nullptr;
  // The raw form: without the translations of setrans.conf(5).
  if (::getfilecon_raw(magic_link(fd).c_str(), &context) < 0) {
    if (errno == ENODATA || errno == ENOTSUP) return std::string();
    return system_error("read the label of " + path);
  }
  std::string label(context);
  ::freecon(context);
  return label;
}

}  // namespace

Result<void> set_label(const LabelRequest& request) {
  const auto& [fd, path, context] = request;
  const auto link = magic_link(fd);
  if (context.empty()) {
    // The kernel refuses to take a label away where SELinux is on; there every file has one.
    return tolerate(ENODATA,
                    checked(::removexattr(link.c_str(), "security.selinux"), "remove the label of " + path));
  }
  IMMURE_TRY(checked(::setfilecon_raw(link.c_str(), context.c_str()), "label " + path + " " + context));
  const auto now = IMMURE_TRY(label_of(fd, path));
  if (now != context) return invalid(path + ": the kernel made \"" + now + "\" of the label " + context);
  return {};
}

Result<JournalEntry> label_entry(EntryKind kind, const LabelRequest& request) {
  struct stat status{};
  IMMURE_TRY(checked(::fstat(request.fd, &status), "look at " + request.path));
  const auto old = IMMURE_TRY(label_of(request.fd, request.path));
  auto entry = IMMURE_TRY(path_entry(kind, request.path));
  entry.device = status.st_dev;
  entry.inode = status.st_ino;
  entry.old_context = IMMURE_TRY(decltype(entry.old_context)::from(old, "the old label"));
  entry.new_context = IMMURE_TRY(decltype(entry.new_context)::from(request.context, "the new label"));
  return entry;
}

Result<void> label_files(std::span<const LabelRequest> requests, Journal& journal) {
  for (const auto& request : requests) {
    IMMURE_TRY(journal.append(IMMURE_TRY(label_entry(EntryKind::label, request))));
  }
  // One sync for all of them: labels survive a loss of power, so their journal must.
  if (!requests.empty()) IMMURE_TRY(journal.sync());
  for (const auto& request : requests) IMMURE_TRY(set_label(request));
  return {};
}

Result<void> restore_label(const JournalEntry& entry) {
  const std::string path(entry.path.view());
  const auto file = open_file(path, O_PATH, Links::refused);
  if (!file) {
    // Moved, removed, or a symbolic link lies there now: whatever it is, it is not what we labelled.
    const int why = file.error().error_number;
    if (why == ENOENT || why == ENOTDIR || why == ELOOP) return {};
    return std::unexpected(file.error());
  }
  struct stat status{};
  IMMURE_TRY(checked(::fstat(file->get(), &status), "look at " + path));
  if (status.st_dev != entry.device || status.st_ino != entry.inode) return {};
  if (IMMURE_TRY(label_of(file->get(), path)) != entry.new_context.view()) return {};
  return set_label({file->get(), path, std::string(entry.old_context.view())});
}

}  // namespace immure::selinux
