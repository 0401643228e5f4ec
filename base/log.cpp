#include "base/log.hpp"

#include <string>

#include <unistd.h>

#include "base/io.hpp"

namespace immure {
namespace {

std::string log_name = "immure";  // NOLINT(cert-err58-cpp): short enough to need no allocation.

}  // namespace

void set_log_name(std::string_view program) { log_name = program; }

void log_line(std::string_view message) {
  std::string line = log_name + ": ";
  for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  line += '\n';
  // Where standard error is gone there is nobody left to tell.
  (void)write_all(STDERR_FILENO, std::as_bytes(std::span(line)));
}

}  // namespace immure
