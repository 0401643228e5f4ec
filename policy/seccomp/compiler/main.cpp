#include <span>
#include <vector>

#include <fcntl.h>

#include "base/io.hpp"
#include "base/log.hpp"
#include "policy/seccomp/compiler/emit.hpp"

namespace immure::policy::seccomp {
namespace {

constexpr std::size_t largest_profile = 256 * 1024;

Result<CompiledProfile> compile_file(const char* path) {
  const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return system_error(std::string("open ") + path);
  const auto text = IMMURE_TRY(read_text(file.get(), largest_profile, path));
  CompiledProfile profile{.text = IMMURE_TRY(parse_profile(text, path)), .program = {}};
  profile.program = IMMURE_TRY(compile_profile(profile.text));
  IMMURE_TRY(verify(profile.text, profile.program));
  return profile;
}

Result<void> write_file(const char* path, std::string_view text) {
  const UniqueFd file(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file) return system_error(std::string("open ") + path);
  return write_all(file.get(), std::as_bytes(std::span(text)));
}

Result<void> run(std::span<char*> arguments) {
  const std::string_view mode = arguments.size() < 4 ? "" : arguments[1];
  if (mode != "--source" && mode != "--markdown") {
    return invalid("usage: immure-seccomp-compile --source|--markdown OUTPUT PROFILE...");
  }
  std::vector<CompiledProfile> profiles;
  for (const char* path : arguments.subspan(3)) profiles.push_back(IMMURE_TRY(compile_file(path)));
  return write_file(arguments[2], mode == "--source" ? emit_source(profiles) : emit_markdown(profiles));
}

}  // namespace
}  // namespace immure::policy::seccomp

int main(int argc, char** argv) {
  immure::set_log_name("immure-seccomp-compile");
  const auto result = immure::policy::seccomp::run(std::span(argv, static_cast<std::size_t>(argc)));
  if (result) return 0;
  immure::log_line(result.error().message);
  return 1;
}
