#include "cli/output/style.hpp"

#include <cstdlib>

#include <fmt/core.h>
#include <unistd.h>

namespace immure::cli {

Style Style::of(FILE* stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool wanted = (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr &&
                      std::string_view(terminal) != "dumb";
  return Style(wanted && ::isatty(::fileno(stream)) == 1 ? Colour::always : Colour::never);
}

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (colour_ == Colour::never) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", code, text);
}

}  // namespace immure::cli
