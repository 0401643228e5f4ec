#pragma once

#include <set>

#include "attest/log/record.hpp"
#include "attest/quote/bundle.hpp"
#include "attest/tpm/connection.hpp"

namespace immure::attest::tpm {

/// The banks of the TPM that are in use, of SHA-256 and SHA-384: where a record's digests go.
struct Banks {
  bool sha256 = false;
  bool sha384 = false;
};

/// An Error where the SHA-256 bank is off: nothing could be quoted.
Result<Banks> banks_in_use(const Connection& tpm);

/// Extends the record's PCR in these banks by its digests.
Result<void> extend(const Connection& tpm, const Banks& banks, const log::Record& record);

/// One bank's selection of these PCRs, as TPM commands take it.
TPML_PCR_SELECTION select(TPM2_ALG_ID hash, const std::set<std::uint32_t>& pcrs);

/// Their values in the SHA-256 bank.
Result<quote::PcrValues> read_pcrs(const Connection& tpm, const std::set<std::uint32_t>& pcrs);

}  // namespace immure::attest::tpm
