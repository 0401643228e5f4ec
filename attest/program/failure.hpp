#pragma once

#include <expected>
#include <string>

#include "base/result.hpp"
#include "policy/exit_codes.hpp"

namespace immure::attest {

using policy::ExitCode;

/// Why a verb could not be carried out: what the user reads, and the exit code.
struct Failure {
  ExitCode code = ExitCode::failure;
  std::string message;
  std::string hint;  ///< what to do about it; may be empty

  Failure(ExitCode exit_code, std::string text, std::string advice = {})
      : code(exit_code), message(std::move(text)), hint(std::move(advice)) {}
  /// Implicit, so that IMMURE_TRY passes an Error of the lower layers on.
  Failure(Error error) : message(std::move(error.message)) {}  // NOLINT(google-explicit-constructor)
};

template <typename T>
using Expected = std::expected<T, Failure>;

/// "immure: MESSAGE" and the hint on standard error; control characters are shown as '?', newlines stay.
void report(const Failure& failure);

/// The text on standard output.
Expected<void> print(std::string_view text);

/// The text with control characters as '?'; newline and tab stay.
std::string printable(std::string_view text);

}  // namespace immure::attest
