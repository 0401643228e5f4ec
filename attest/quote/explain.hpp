#pragma once

#include <string>
#include <vector>

#include "attest/quote/verify.hpp"

namespace immure::attest::quote {

/// What differs, in words, where the log does not lead to what the TPM has: which of its records were added,
/// or that none of its beginnings fits. Empty where there is nothing to explain beyond the checks.
std::vector<std::string> explain(const Answer& answer);

}  // namespace immure::attest::quote
