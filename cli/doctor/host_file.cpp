#include "cli/doctor/host_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"

namespace immure::cli {
namespace {

std::string what_is_wrong_with(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return system_error(path).error().message;
  if (status.st_uid != 0) return fmt::format("{} belongs to uid {}", path, status.st_uid);
  if ((status.st_mode & 022) != 0) return fmt::format("{} is writable for others than root", path);
  return {};
}

}  // namespace

std::optional<std::string> host_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return std::nullopt;
  auto text = read_text(fd.get(), 1 << 16, path);
  if (!text) return std::nullopt;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\0')) text->pop_back();
  return std::move(*text);
}

std::string what_lets_others_change(std::string path) {
  for (; !path.empty(); path.resize(path.rfind('/'))) {
    if (auto problem = what_is_wrong_with(path); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace immure::cli
