#include "attest/program/failure.hpp"

#include <span>

#include <unistd.h>

#include "base/io.hpp"
#include "base/printable.hpp"

namespace immure::attest {

void report(const Failure& failure) {
  auto text = "immure: " + printable_lines(failure.message) + "\n";
  if (!failure.hint.empty()) text += "  hint: " + printable_lines(failure.hint) + "\n";
  (void)write_all(STDERR_FILENO, std::as_bytes(std::span(text)));
}

Expected<void> print(std::string_view text) {
  IMMURE_TRY(write_all(STDOUT_FILENO, std::as_bytes(std::span(text))));
  return {};
}

}  // namespace immure::attest
