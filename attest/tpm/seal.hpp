#pragma once

#include <set>

#include "attest/quote/bundle.hpp"
#include "attest/tpm/keys.hpp"

namespace immure::attest::tpm {

inline constexpr std::size_t largest_secret = 128;  ///< MAX_SYM_DATA: TPM 2.0 Library, Part 2, 11.1.14

/// A secret that this TPM gives away only while these PCRs of its SHA-256 bank have exactly these values.
Result<KeyBlob> seal(const Connection& tpm, Bytes secret, const quote::PcrValues& values);

/// An Error where a PCR has another value now.
Result<ByteVector> unseal(const Connection& tpm, const KeyBlob& blob, const std::set<std::uint32_t>& pcrs);

}  // namespace immure::attest::tpm
