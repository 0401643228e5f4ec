#include "cli/proc/process_directory.hpp"

#include <algorithm>

#include <fcntl.h>

#include "base/files.hpp"
#include "base/io.hpp"
#include "base/proc_text.hpp"

namespace immure::cli {
namespace {

constexpr std::size_t text_limit = 1 << 20;

/// Numbers by value, so that fd 10 comes after fd 9.
bool comes_before(const std::string& a, const std::string& b) {
  const auto is_number = [](const std::string& s) { return s.find_first_not_of("0123456789") == s.npos; };
  if (is_number(a) && is_number(b) && a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

}  // namespace

Result<ProcessDirectory> ProcessDirectory::open(pid_t pid) {
  if (pid <= 0) return invalid("no process has the number " + std::to_string(pid));
  const auto path = "/proc/" + std::to_string(pid);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return system_error("open " + path);
  return ProcessDirectory(pid, std::move(fd));
}

Result<ProcessDirectory> ProcessDirectory::open(pid_t pid, std::uint64_t start_ticks) {
  auto process = IMMURE_TRY(open(pid));
  // Asked through the open directory: the answer is of the process that everything else will be read from.
  const auto ticks = IMMURE_TRY(start_ticks_in(IMMURE_TRY(process.read("stat"))));
  if (ticks != start_ticks) {
    return invalid("process " + std::to_string(pid) + " is a later one than the one recorded");
  }
  return process;
}

Result<std::string> ProcessDirectory::read(const std::string& path) const {
  const auto file = IMMURE_TRY(open_at(path, O_RDONLY));
  auto text = IMMURE_TRY(read_text(file.get(), text_limit, path));
  // attr/current ends with a NUL, the others with a newline.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
  return text;
}

Result<std::string> ProcessDirectory::link(const std::string& path) const {
  auto target = read_link(fd_.get(), path);
  if (!target) return with_context("/proc/" + std::to_string(pid_), std::move(target).error());
  return target;
}

Result<std::vector<std::string>> ProcessDirectory::list(const std::string& path) const {
  auto names = IMMURE_TRY(list_directory(IMMURE_TRY(open_at(path, O_RDONLY | O_DIRECTORY)),
                                         "/proc/" + std::to_string(pid_) + "/" + path));
  std::ranges::sort(names, comes_before);
  return names;
}

Result<UniqueFd> ProcessDirectory::open_at(const std::string& path, int flags) const {
  UniqueFd fd(::openat(fd_.get(), path.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return system_error("open /proc/" + std::to_string(pid_) + "/" + path);
  return fd;
}

std::string ProcessDirectory::path_of(const std::string& path) const {
  return "/proc/self/fd/" + std::to_string(fd_.get()) + "/" + path;
}

std::uint64_t start_ticks_of(pid_t pid) {
  const auto process = ProcessDirectory::open(pid);
  if (!process) return 0;
  const auto text = process->read("stat");
  if (!text) return 0;
  return start_ticks_in(*text).value_or(0);
}

}  // namespace immure::cli
