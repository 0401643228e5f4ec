#pragma once

#include <string>

#include "attest/snp/verify.hpp"

namespace immure::attest {

/// One line for each check, and a last one with the verdict.
std::string verification_text(const snp::Verification& verification);

/// {"checks": [{"name", "result", "detail"}], "report": {...}}; the report is null where it could not be
/// read.
std::string verification_json(const snp::Verification& verification);

}  // namespace immure::attest
