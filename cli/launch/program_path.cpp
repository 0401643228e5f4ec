#include "cli/launch/program_path.hpp"

#include <array>

#include <unistd.h>

namespace immure::cli {

Expected<std::string> program_path(std::string_view name) {
  auto installed = IMMURE_LIBEXECDIR "/" + std::string(name);
  if (::access(installed.c_str(), X_OK) == 0) return installed;
  const auto missing = system_error("").error().message;
  std::array<char, 4096> self{};
  const auto n = ::readlink("/proc/self/exe", self.data(), self.size());
  if (n > 0 && static_cast<std::size_t>(n) < self.size()) {
    const std::string program(self.data(), static_cast<std::size_t>(n));
    auto beside = program.substr(0, program.rfind('/') + 1) + std::string(name);
    if (::access(beside.c_str(), X_OK) == 0) return beside;
  }
  return fail(ExitCode::failure, "find " + std::string(name) + ": " + installed + ": " + missing,
              "is immure installed completely?");
}

}  // namespace immure::cli
