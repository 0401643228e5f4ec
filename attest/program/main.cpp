#include <csignal>
#include <exception>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "attest/program/command_line.hpp"
#include "attest/program/failure.hpp"
#include "attest/program/measure_launch.hpp"

namespace {

enum class Others { kept, closed };

/// A caller may have closed 0, 1 or 2; the next file opened must not take their place. Others it left open
/// are not ours to keep, unless it is the launcher, which hands them over by their numbers.
void tidy_fds(Others others) {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR);  // Not close-on-exec: it stands for a standard stream.
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) (void)::close(fd);
  if (others == Others::closed) (void)::close_range(STDERR_FILENO + 1, ~0U, 0);
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_errand = argc >= 2 && std::string_view(argv[1]) == immure::attest::measure_launch_verb;
  tidy_fds(is_errand ? Others::kept : Others::closed);
  // A reader that went away is an error of write(2), not a signal.
  (void)std::signal(SIGPIPE, SIG_IGN);
  try {
    return immure::attest::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    immure::attest::report({immure::attest::ExitCode::failure, error.what()});
    return static_cast<int>(immure::attest::ExitCode::failure);
  }
}
