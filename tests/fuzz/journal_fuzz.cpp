#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>

#include "base/io.hpp"
#include "selinux/journal.hpp"

using namespace immure;
using namespace immure::selinux;

namespace {

constexpr const char* uuid = "11111111-2222-4333-8444-555555555555";

struct Directory {
  std::string path = "/tmp/immure-journal-fuzz-XXXXXX";
  Directory() {
    if (::mkdtemp(path.data()) == nullptr) std::abort();
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path); }
};

const std::string& directory() {
  static const Directory made;
  return made.path;
}

}  // namespace

// Any bytes as the journal of a launch that nobody looks after any more: whole entries, newest first, and a
// number of others.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = directory() + "/" + uuid;
  {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file || !write_all(file.get(), std::as_bytes(std::span(data, size)))) std::abort();
  }
  const auto journal = Journal::adopt(directory(), uuid);
  if (!journal || !*journal) return 0;
  const auto contents = (*journal)->read();
  if (!contents) return 0;
  if (contents->entries.size() + contents->unreadable > size / sizeof(JournalEntry)) std::abort();
  for (const auto& entry : contents->entries) {
    if (!is_whole(entry, entry.sequence)) std::abort();
  }
  return 0;
}
