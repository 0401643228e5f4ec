#pragma once

#include "attest/program/failure.hpp"
#include "attest/program/output_format.hpp"
#include "attest/program/snp_inputs.hpp"

namespace immure::attest {

struct SnpDigestOptions {
  SnpOptions guest;
  OutputFormat format = OutputFormat::text;
};

/// Prints the launch digest, in hexadecimal, alone on its line.
Expected<ExitCode> snp_digest(const SnpDigestOptions& options);

}  // namespace immure::attest
