#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "policy/exit_codes.hpp"

namespace immure::cli {

using policy::ExitCode;

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

std::unexpected<Failure> fail(ExitCode code, std::string message, std::string hint = {});

/// "immure: MESSAGE" and "  hint: ..." on standard error, without control characters.
void report(const Failure& failure);

/// The word for an exit code in JSON: "not_admitted".
std::string_view exit_code_name(ExitCode code);

/// How a guest ended, for people.
std::string_view exit_code_text(ExitCode code);

/// A Failure that says that `what` needs root, unless the caller is root.
Expected<void> require_root(std::string_view what);

}  // namespace immure::cli
