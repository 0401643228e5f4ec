#include "selinux/journal.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/io.hpp"
#include "base/sealed_memfd.hpp"

namespace immure::selinux {
namespace {

/// A launch writes a few dozen entries; more than this is not one of ours.
constexpr std::uint64_t max_entries = 65536;

}  // namespace

Result<Journal> Journal::create(const std::string& directory, const std::string& uuid) {
  IMMURE_TRY(tolerate(EEXIST, checked(::mkdir(directory.c_str(), 0700), "make " + directory)));
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return system_error("make a journal in " + directory);
  Journal journal(std::move(file), directory, uuid, 0);
  if (!IMMURE_TRY(try_lock(journal.file_.get(), LockKind::exclusive))) {
    return invalid("a new journal is locked");
  }
  const auto unnamed = "/proc/self/fd/" + std::to_string(journal.file_.get());
  IMMURE_TRY(checked(::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, journal.path().c_str(), AT_SYMLINK_FOLLOW),
                     "name the journal " + journal.path()));
  return journal;
}

Result<std::optional<Journal>> Journal::adopt(const std::string& directory, const std::string& uuid) {
  const auto path = directory + "/" + uuid;
  auto file = open_file(path, O_RDWR | O_APPEND, Links::refused);
  if (!file && file.error().error_number == ENOENT) return std::nullopt;
  if (!file) return with_context("journal", std::move(file).error());
  if (!IMMURE_TRY(try_lock(file->get(), LockKind::exclusive))) return std::nullopt;
  struct stat status{};
  IMMURE_TRY(checked(::fstat(file->get(), &status), "look at the journal " + path));
  // Its last owner may have finished and removed it between open and lock.
  if (status.st_nlink == 0) return std::nullopt;
  const auto entries = static_cast<std::uint64_t>(status.st_size) / sizeof(JournalEntry);
  // A torn last entry was never acted on. Without it, what we append lies at a multiple of the entry's size.
  IMMURE_TRY(checked(::ftruncate(file->get(), static_cast<off_t>(entries * sizeof(JournalEntry))),
                     "cut the torn entry off the journal " + path));
  return Journal(*std::move(file), directory, uuid, entries);
}

Result<std::vector<std::string>> Journal::list(const std::string& directory) {
  auto opened = open_file(directory, O_RDONLY | O_DIRECTORY, Links::refused);
  if (!opened && opened.error().error_number == ENOENT) return std::vector<std::string>();
  if (!opened) return with_context("list the journals", std::move(opened).error());
  auto uuids = IMMURE_TRY(list_directory(*std::move(opened), directory));
  std::ranges::sort(uuids);
  return uuids;
}

Result<void> Journal::append(JournalEntry entry) {
  finish(entry, next_);
  if (auto written = write_all(file_.get(), bytes_of(entry)); !written) {
    return with_context("write the journal " + path(), written.error());
  }
  ++next_;
  return {};
}

Result<void> Journal::sync() {
  IMMURE_TRY(checked(::fdatasync(file_.get()), "fdatasync the journal " + path()));
  // The name of the file must survive as well.
  const auto directory = IMMURE_TRY(open_file(directory_, O_DIRECTORY | O_RDONLY, Links::refused));
  return checked(::fsync(directory.get()), "fsync " + directory_);
}

Result<JournalContents> Journal::read() const {
  const auto count = IMMURE_TRY(file_size(file_.get())) / sizeof(JournalEntry);
  if (count > max_entries) return invalid("the journal " + path() + " is longer than any launch writes");
  JournalContents contents;
  for (std::uint64_t i = 0; i < count; ++i) {
    JournalEntry entry{};
    IMMURE_TRY(pread_exactly(file_.get(), writable_bytes_of(entry), i * sizeof(JournalEntry)));
    if (is_whole(entry, i)) {
      contents.entries.push_back(entry);
    } else if (i + 1 < count) {
      ++contents.unreadable;
    }
  }
  std::ranges::reverse(contents.entries);
  return contents;
}

Result<void> Journal::remove() {
  return tolerate(ENOENT, checked(::unlink(path().c_str()), "remove the journal " + path()));
}

}  // namespace immure::selinux
