#pragma once

#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/output_format.hpp"
#include "attest/program/snp_inputs.hpp"

namespace immure::attest {

struct SnpExplainOptions {
  SnpOptions guest;
  std::string expected;  ///< 96 hexadecimal digits
  OutputFormat format = OutputFormat::text;
};

/// Says which input differs. policy_refused unless the digest is as expected.
Expected<ExitCode> snp_explain(const SnpExplainOptions& options);

}  // namespace immure::attest
