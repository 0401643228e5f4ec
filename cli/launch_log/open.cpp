#include "cli/launch_log/open.hpp"

namespace immure::cli {

Expected<std::ifstream> open_launch_log(const std::string& path) {
  std::ifstream log(path, std::ios::binary);
  if (log) return log;
  const auto why = system_error("open the launch log " + path).error();
  if (why.error_number == ENOENT) {
    return fail(ExitCode::failure, why.message, "nothing was launched here yet, or it was moved away");
  }
  return fail(why.error_number == EACCES ? ExitCode::not_permitted : ExitCode::failure, why.message,
              why.error_number == EACCES ? "run it with sudo" : "");
}

}  // namespace immure::cli
