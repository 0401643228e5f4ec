#pragma once

// toml++ as every source of ours must include it: without exceptions, and compiled here, since Debian's
// shared library is built with them.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0

// Some of the parser's assertions (3.3.0: parse_key() on "[[[") state what the next lines then check and
// report as a mistake of the file. A user's file must not abort us, and must not let the compiler assume what
// is not so, which is what the library makes of an assertion under NDEBUG. What the parser does without them
// is fuzzed (tests/fuzz).
#define TOML_ASSERT(expression) static_cast<void>(0)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
