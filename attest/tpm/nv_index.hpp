#pragma once

#include <cstdint>

#include "attest/crypto/digest.hpp"
#include "attest/quote/bundle.hpp"
#include "attest/tpm/keys.hpp"

namespace immure::attest::tpm {

/// An NV index whose value only changes by value' = SHA-256(value || data), as a PCR's: TPM 2.0 Library, Part
/// 1, 37.2.4, "Extend". Its value stands in memory until the TPM is shut down (TPMA_NV_ORDERLY): a launch
/// does not wear the TPM's flash out.
class NvIndex {
 public:
  /// Makes the index where there is none. An Error where there is one of another kind: it is somebody else's.
  static Result<NvIndex> open_or_make(const Connection& tpm, std::uint32_t index);
  /// An Error where there is none.
  static Result<NvIndex> open(const Connection& tpm, std::uint32_t index);

  Result<void> extend(Bytes data);
  Result<Sha256Digest> read();
  /// TPM_ALG_ID and digest of its public area: once it was written to, always the same.
  Result<ByteVector> name();

  /// The TPM's word, by this key, on public area and value.
  Result<quote::NvCertificate> certify(const KeyBlob& key, Bytes nonce);

 private:
  NvIndex(const Connection& tpm, ESYS_TR handle) : tpm_(&tpm), handle_(handle) {}

  const Connection* tpm_;
  ESYS_TR handle_;
};

}  // namespace immure::attest::tpm
