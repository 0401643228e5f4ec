#pragma once

#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/output_format.hpp"

namespace immure::attest {

enum class Explanation { none, wanted };

struct VerifyBundleOptions {
  std::string bundle;   ///< path
  std::string policy;   ///< path
  std::string nonce;    ///< hexadecimal, or empty
  std::string at_time;  ///< as parse_time() takes it, or empty: now
  Explanation explanation = Explanation::none;
  OutputFormat format = OutputFormat::text;
};

/// Verifies and prints.
Expected<ExitCode> verify_bundle_command(const VerifyBundleOptions& options);

}  // namespace immure::attest
