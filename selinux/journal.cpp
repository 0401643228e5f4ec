#include "selinux/journal.hpp"

#include <algorithm>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.hpp"

namespace immure::selinux {
namespace {

/// A launch writes a few dozen entries; more than this is not one of ours.
constexpr std::uint64_t max_entries = 65536;

/// True where the lock is ours now, false where another process has it.
Result<bool> try_lock(int fd, const std::string& path) {
  const struct flock whole_file{
      .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0, .l_pid = 0};
  if (::fcntl(fd, F_OFD_SETLK, &whole_file) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return system_error("lock the journal " + path);
}

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("look at the journal " + path);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Result<Journal> Journal::create(const std::string& directory, const std::string& uuid) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return system_error("make " + directory);
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return system_error("make a journal in " + directory);
  Journal journal(std::move(file), directory, uuid, 0);
  if (!IMMURE_TRY(try_lock(journal.file_.get(), journal.path()))) return invalid("a new journal is locked");
  const auto unnamed = "/proc/self/fd/" + std::to_string(journal.file_.get());
  if (::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, journal.path().c_str(), AT_SYMLINK_FOLLOW) != 0) {
    return system_error("name the journal " + journal.path());
  }
  return journal;
}

Result<std::optional<Journal>> Journal::adopt(const std::string& directory, const std::string& uuid) {
  const auto path = directory + "/" + uuid;
  UniqueFd file(::open(path.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) return system_error("open the journal " + path);
  if (!IMMURE_TRY(try_lock(file.get(), path))) return std::nullopt;
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return system_error("look at the journal " + path);
  // Its last owner may have finished and removed it between open and lock.
  if (status.st_nlink == 0) return std::nullopt;
  const auto entries = static_cast<std::uint64_t>(status.st_size) / sizeof(JournalEntry);
  // A torn last entry was never acted on. Without it, what we append lies at a multiple of the entry's size.
  if (::ftruncate(file.get(), static_cast<off_t>(entries * sizeof(JournalEntry))) != 0) {
    return system_error("cut the torn entry off the journal " + path);
  }
  return Journal(std::move(file), directory, uuid, entries);
}

Result<std::vector<std::string>> Journal::list(const std::string& directory) {
  std::vector<std::string> uuids;
  DIR* stream = ::opendir(directory.c_str());
  if (stream == nullptr && errno == ENOENT) return uuids;
  if (stream == nullptr) return system_error("list the journals in " + directory);
  while (const dirent* entry = ::readdir(stream)) {
    if (entry->d_name[0] != '.') uuids.emplace_back(entry->d_name);
  }
  ::closedir(stream);
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
  if (::fdatasync(file_.get()) != 0) return system_error("fdatasync the journal " + path());
  // The name of the file must survive as well.
  const UniqueFd directory(::open(directory_.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return system_error("fsync " + directory_);
  return {};
}

Result<JournalContents> Journal::read() const {
  const auto count = IMMURE_TRY(size_of(file_.get(), path())) / sizeof(JournalEntry);
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
  if (::unlink(path().c_str()) != 0 && errno != ENOENT) return system_error("remove the journal " + path());
  return {};
}

}  // namespace immure::selinux
