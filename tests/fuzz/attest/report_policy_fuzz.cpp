#include <cstdint>

#include "attest/snp/report_policy.hpp"

using namespace immure::attest;

// Any bytes as a policy: one with a rule, whose rules can be evaluated, or an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto policy = snp::parse_report_policy({reinterpret_cast<const char*>(data), size}, "fuzz.toml");
  if (!policy) return 0;
  CheckList checks;
  snp::check_policy(*policy, snp::Report{}, snp::Product::turin, checks);
  return 0;
}
