#pragma once

#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/output_format.hpp"

namespace immure::attest {

struct ReportVerifyOptions {
  std::string report;        ///< path
  std::string certificates;  ///< path of a directory
  std::string policy;        ///< path, or empty
  std::string trust_anchor;  ///< path, or empty
  std::string product;       ///< "milan", "genoa", "turin", or empty
  std::string at_time;       ///< as parse_time() takes it, or empty: now
  OutputFormat format = OutputFormat::text;
};

/// Verifies and prints. bad_signature where the evidence is not genuine, policy_refused where it is but is
/// not what the policy asks for.
Expected<ExitCode> report_verify(const ReportVerifyOptions& options);

}  // namespace immure::attest
