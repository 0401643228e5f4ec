#include <cstdint>
#include <cstdlib>

#include "attest/quote/explain.hpp"
#include "attest/quote/verify.hpp"

using namespace immure::attest;

// Any bytes as a bundle. Nobody has the private half of the one key that is trusted, so nothing may ever be
// proved genuine; a bundle that is read means the same once it was written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  quote::Policy policy;
  policy.attestation_keys = {std::string(64, '0')};
  policy.issuers = {std::string(64, '1')};
  policy.events["kernel"] = {std::string(64, '0')};
  const auto answer = quote::verify_bundle({.bundle = text,
                                            .policy = policy,
                                            .nonce = ByteVector{1},
                                            .at = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1)});
  if (answer.checks.passed(CheckKind::evidence)) std::abort();
  (void)quote::explain(answer);
  if (!answer.bundle) return 0;
  const auto again = quote::parse_bundle(quote::write_bundle(*answer.bundle));
  if (!again || again->quote != answer.bundle->quote || again->pcrs != answer.bundle->pcrs ||
      again->log != answer.bundle->log || again->certificates != answer.bundle->certificates) {
    std::abort();
  }
  return 0;
}
