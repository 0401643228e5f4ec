#include "cli/console/raw_terminal.hpp"

#include <unistd.h>

namespace immure::cli {

termios raw_settings(termios normal) {
  termios raw = normal;
  ::cfmakeraw(&raw);
  return raw;
}

RawTerminal::RawTerminal(int fd) : fd_(fd), is_terminal_(::isatty(fd) == 1) {
  termios normal{};
  if (!is_terminal_ || ::tcgetattr(fd, &normal) != 0) return;
  const auto raw = raw_settings(normal);
  if (::tcsetattr(fd, TCSANOW, &raw) == 0) normal_ = normal;
}

void RawTerminal::restore() {
  // TCSADRAIN: the guest's last output is shown before the modes change.
  if (normal_) (void)::tcsetattr(fd_, TCSADRAIN, &*normal_);
  normal_.reset();
}

}  // namespace immure::cli
