#include <cstdint>
#include <cstdlib>

#include "attest/quote/policy.hpp"

using namespace immure::attest;

// Any text as a policy: one that is taken has a rule, and somebody whom it trusts.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = quote::parse_policy({reinterpret_cast<const char*>(data), size}, "policy");
  if (!policy) return 0;
  if (policy->events.empty() || (policy->attestation_keys.empty() && policy->issuers.empty())) std::abort();
  for (const auto& [name, allowed] : policy->events) {
    if (allowed.empty()) std::abort();
  }
  return 0;
}
