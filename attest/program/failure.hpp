#pragma once

#include <string_view>

#include "policy/failure.hpp"

namespace immure::attest {

using policy::ExitCode;
using policy::Expected;
using policy::fail;
using policy::Failure;

/// "immure: MESSAGE" and the hint on standard error; control characters are shown as '?', newlines stay.
void report(const Failure& failure);

/// The text on standard output.
Expected<void> print(std::string_view text);

}  // namespace immure::attest
