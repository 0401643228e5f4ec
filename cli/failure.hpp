#pragma once

#include <string_view>

#include "policy/failure.hpp"

namespace immure::cli {

using policy::ExitCode;

using policy::Expected;
using policy::fail;
using policy::Failure;

/// "immure: MESSAGE" and "  hint: ..." on standard error, without control characters.
void report(const Failure& failure);

/// The word for an exit code in JSON: "not_admitted".
std::string_view exit_code_name(ExitCode code);

/// How a guest ended, for people.
std::string_view exit_code_text(ExitCode code);

/// A Failure that says that `what` needs root, unless the caller is root.
Expected<void> require_root(std::string_view what);

}  // namespace immure::cli
