#include "cli/doctor/host_file.hpp"

#include <fcntl.h>

#include "base/io.hpp"
#include "base/unique_fd.hpp"

namespace immure::cli {

std::optional<std::string> host_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return std::nullopt;
  auto text = read_text(fd.get(), 1 << 16, path);
  if (!text) return std::nullopt;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\0')) text->pop_back();
  return std::move(*text);
}

}  // namespace immure::cli
