#pragma once

#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/guest_files.hpp"
#include "attest/program/output_format.hpp"

namespace immure::attest {

struct VerifyManifestOptions {
  std::string manifest;  ///< path
  std::string keys;      ///< path of a file or a directory
  GuestOptions guest;    ///< spec empty: compared with no guest
  std::string revoked;   ///< path, or empty
  std::string at_time;   ///< as parse_time() takes it, or empty: now
  OutputFormat format = OutputFormat::text;
};

/// Verifies and prints.
Expected<ExitCode> verify_manifest_command(const VerifyManifestOptions& options);

}  // namespace immure::attest
