#include <cstdint>
#include <cstdlib>

#include "policy/toml/guest_spec.hpp"
#include "policy/toml/host_policy.hpp"

using namespace immure::policy;

// Any bytes as a guest specification and as a host policy: a record that check() accepts and that survives
// printing, or an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto record = parse_guest_spec(text, "fuzz.toml", "/srv")) {
    const auto again = parse_guest_spec(print_guest_spec(*record), "printed.toml", "");
    if (!check(*record) || !again || *again != *record) std::abort();
  }
  if (const auto policy = parse_host_policy(text, "fuzz.toml"); policy && !check(*policy)) std::abort();
  return 0;
}
