#include "attest/program/failure.hpp"

#include <algorithm>
#include <span>

#include <unistd.h>

#include "base/io.hpp"

namespace immure::attest {

std::string printable(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out,
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f; },
      '?');
  return out;
}

void report(const Failure& failure) {
  auto text = "immure: " + printable(failure.message) + "\n";
  if (!failure.hint.empty()) text += "  hint: " + printable(failure.hint) + "\n";
  (void)write_all(STDERR_FILENO, std::as_bytes(std::span(text)));
}

Expected<void> print(std::string_view text) {
  IMMURE_TRY(write_all(STDOUT_FILENO, std::as_bytes(std::span(text))));
  return {};
}

}  // namespace immure::attest
