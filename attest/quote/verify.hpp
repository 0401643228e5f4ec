#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "attest/log/record.hpp"
#include "attest/quote/policy.hpp"
#include "attest/quote/quote.hpp"
#include "attest/report/check.hpp"

namespace immure::attest::quote {

struct Question {
  std::string bundle;  ///< the bytes of the file
  Policy policy;
  std::optional<ByteVector> nonce;  ///< what the verifier sent; without it nothing is proved to be new
  std::chrono::sys_seconds at;
};

struct Answer {
  CheckList checks;
  /// What could be read: believe it only if the checks pass.
  std::optional<Bundle> bundle;
  std::optional<Quote> quote;
  std::vector<log::Record> records;
};

/// Checks of CheckKind::evidence: bundle, attestation-key, quote, quote-signature, nonce, pcr-values. Of
/// CheckKind::log: log, log-replay. And what check_nv_evidence() and check_nv_log() add where launches are
/// recorded in an NV index. Of CheckKind::policy: see check_policy().
Answer verify_bundle(const Question& question);

}  // namespace immure::attest::quote
