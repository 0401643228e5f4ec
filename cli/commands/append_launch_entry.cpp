#include <unistd.h>

#include "base/io.hpp"
#include "base/sealed_memfd.hpp"
#include "cli/commands/commands.hpp"
#include "cli/launch_log/append.hpp"

namespace immure::cli {

Expected<ExitCode> append_launch_entry_command() {
  const auto entry = IMMURE_TRY(read_sealed_record<policy::LaunchEntry>(STDIN_FILENO));
  IMMURE_TRY(policy::check(entry));
  const auto digest = append_to_log(policy::launch_log_fd, entry);
  if (!digest) {
    return fail(ExitCode::failure, std::string(policy::launch_log_path) + ": " + digest.error().message,
                "`immure audit verify` tells what is wrong; a log that was moved away is begun anew");
  }
  IMMURE_TRY(write_all(STDOUT_FILENO, std::as_bytes(std::span(*digest))));
  return ExitCode::success;
}

}  // namespace immure::cli
