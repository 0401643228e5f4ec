#include <csignal>
#include <exception>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include "cli/command_line.hpp"
#include "cli/failure.hpp"

namespace {

/// A caller may have closed 0, 1 or 2; the next file opened must not take their place.
void fill_standard_fds() {
  int fd = 0;
  do {
    fd = ::open("/dev/null", O_RDWR);  // Not close-on-exec: it stands for a standard stream.
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_fds();
  // A reader that went away (immure ps | head) is an error of write(2), not a signal.
  (void)std::signal(SIGPIPE, SIG_IGN);
  // It is used for SHA-256 alone, and the launcher's domain may not read its configuration.
  (void)::OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  try {
    return immure::cli::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    immure::cli::report({immure::cli::ExitCode::failure, error.what()});
    return static_cast<int>(immure::cli::ExitCode::failure);
  }
}
