#pragma once

#include "attest/log/nv_start.hpp"
#include "attest/quote/nv_certificate.hpp"
#include "attest/quote/verify.hpp"

namespace immure::attest::quote {

/// Of a bundle with the word on an NV index: "nv-certificate", "nv-signature", "nv-nonce", of
/// CheckKind::evidence. Yields what was certified where it could be read. `key` may be null: there is none.
std::optional<CertifiedNv> check_nv_evidence(const Bundle& bundle, EVP_PKEY* key,
                                             const std::optional<ByteVector>& nonce, CheckList& checks);

/// "nv-replay", of CheckKind::log: the records that follow the start lead to the certified value of the very
/// index of which the PCR says how it started. A log for an NV index of which the TPM does not say anything
/// fails, and so does the word on an index that the log is not for.
void check_nv_log(const std::optional<log::NvStart>& start, const std::vector<log::Record>& records,
                  const std::optional<CertifiedNv>& certified, CheckList& checks);

}  // namespace immure::attest::quote
