#pragma once

#include <map>
#include <vector>

#include "attest/log/record.hpp"

namespace immure::attest::log {

/// What a PCR holds in the bank of each hash.
using PcrValue = measure::Digests;

/// value' = H(value || digest), from zero: TPM 2.0 Library Part 1, 17.2, "Extend of a PCR".
Result<PcrValue> extend(const PcrValue& value, const measure::Digests& digests);

/// What every PCR of the log holds once its records, and nothing else, were extended into it.
Result<std::map<std::uint32_t, PcrValue>> replay(const std::vector<Record>& records);

}  // namespace immure::attest::log
