#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "policy/exit_codes.hpp"

namespace immure::policy {

/// Why a command did not do what it was asked: what the user reads and what a script tests.
struct Failure {
  ExitCode code = ExitCode::failure;
  std::string message;  ///< "STEP: OBJECT: CAUSE"
  std::string hint;     ///< what to do about it; may be empty

  Failure(ExitCode exit_code, std::string text, std::string advice = {})
      : code(exit_code), message(std::move(text)), hint(std::move(advice)) {}
  /// Implicit, so that IMMURE_TRY passes an Error of the lower layers on.
  Failure(Error error) : message(std::move(error.message)) {}  // NOLINT(google-explicit-constructor)
};

/// A value or a Failure. What a command ends with is an Expected<ExitCode>.
template <typename T>
using Expected = std::expected<T, Failure>;

inline std::unexpected<Failure> fail(ExitCode code, std::string message, std::string hint = {}) {
  return std::unexpected(Failure(code, std::move(message), std::move(hint)));
}

}  // namespace immure::policy
