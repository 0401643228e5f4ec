// What <fmt/core.h> declares and does not define, compiled once. fmt's header-only form compiles it with
// every file that prints something; and linked with its library, a program built on one Debian release would
// not run on the next, whose libfmt has another soname.
#define FMT_HEADER_ONLY 1
#include <string>

#include <fmt/core.h>

namespace {

// Used, so that they are there for the other files.
[[gnu::used]] std::string (*const vformat)(fmt::string_view, fmt::format_args) = fmt::vformat;
[[gnu::used]] void (*const vprint)(fmt::string_view, fmt::format_args) = fmt::vprint;
[[gnu::used]] void (*const vprint_to_file)(std::FILE*, fmt::string_view, fmt::format_args) = fmt::vprint;

}  // namespace
