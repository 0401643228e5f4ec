#pragma once

#include <string>

#include "attest/program/failure.hpp"
#include "attest/program/guest_files.hpp"
#include "attest/program/private_key_file.hpp"

namespace immure::attest {

struct SignOptions {
  GuestOptions guest;
  std::string key;      ///< path
  std::string output;   ///< path
  std::string expires;  ///< as parse_time() takes it, or empty: never
  SharedKey shared_key = SharedKey::refused;
};

/// Measures the guest and signs what was found.
Expected<ExitCode> sign_command(const SignOptions& options);

}  // namespace immure::attest
