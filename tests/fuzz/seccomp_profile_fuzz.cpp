#include <cstdint>
#include <cstdlib>

#include "policy/seccomp/compiler/compile.hpp"

using namespace immure::policy::seccomp;

// Any bytes as a seccomp profile: an error, or a filter that says what the text says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto profile = parse_profile(text, "fuzz.policy");
  if (!profile || profile->rules.size() > 20) return 0;
  const auto program = compile_profile(*profile);
  if (program && !verify(*profile, *program)) std::abort();
  return 0;
}
