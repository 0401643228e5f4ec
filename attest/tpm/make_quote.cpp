#include "attest/tpm/make_quote.hpp"

#include <algorithm>
#include <array>

#include <tss2/tss2_mu.h>

#include "attest/crypto/digest.hpp"
#include "attest/tpm/pcrs.hpp"

namespace immure::attest::tpm {
namespace {

constexpr int most_attempts = 8;
constexpr std::size_t coordinate_bytes = 32;

/// SubjectPublicKeyInfo of an uncompressed point on P-256 (RFC 5480): all but the point is always the same.
constexpr std::array<std::uint8_t, 27> p256_prefix{0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

/// A TPM may leave zeros in front away.
Result<void> append_coordinate(ByteVector& out, const TPM2B_ECC_PARAMETER& coordinate) {
  if (coordinate.size > coordinate_bytes) return invalid("the key is not on P-256");
  out.insert(out.end(), coordinate_bytes - coordinate.size, 0);
  out.insert(out.end(), coordinate.buffer, coordinate.buffer + coordinate.size);
  return {};
}

Result<bool> is_of(const quote::PcrValues& values, const TPM2B_ATTEST& attest) {
  TPMS_ATTEST read{};
  std::size_t offset = 0;
  IMMURE_TRY(checked_tpm(::Tss2_MU_TPMS_ATTEST_Unmarshal(attest.attestationData, attest.size, &offset, &read),
                         "read the quote"));
  ByteVector all;
  for (const auto& [pcr, value] : values) all.insert(all.end(), value.begin(), value.end());
  const auto& digest = read.attested.quote.pcrDigest;
  return std::ranges::equal(IMMURE_TRY(sha256(all)), Bytes(digest.buffer, digest.size));
}

}  // namespace

Result<ByteVector> signature_bytes(const TPMT_SIGNATURE& signature) {
  ByteVector out(sizeof(signature));
  std::size_t size = 0;
  IMMURE_TRY(checked_tpm(::Tss2_MU_TPMT_SIGNATURE_Marshal(&signature, out.data(), out.size(), &size),
                         "write a signature"));
  out.resize(size);
  return out;
}

Result<ByteVector> public_key_of(Bytes public_area) {
  const auto area = IMMURE_TRY(read_public(public_area));
  if (area.publicArea.type != TPM2_ALG_ECC ||
      area.publicArea.parameters.eccDetail.curveID != TPM2_ECC_NIST_P256) {
    return invalid("the key is not on P-256");
  }
  ByteVector out(p256_prefix.begin(), p256_prefix.end());
  IMMURE_TRY(append_coordinate(out, area.publicArea.unique.ecc.x));
  IMMURE_TRY(append_coordinate(out, area.publicArea.unique.ecc.y));
  return out;
}

Result<quote::Bundle> make_quote(const Connection& tpm, const KeyBlob& key, Bytes nonce,
                                 const std::set<std::uint32_t>& pcrs) {
  TPM2B_DATA qualifying{};
  if (nonce.size() > sizeof(qualifying.buffer)) return invalid("the nonce is too long");
  qualifying.size = static_cast<UINT16>(nonce.size());
  std::ranges::copy(nonce, qualifying.buffer);
  const auto loaded = IMMURE_TRY(load(tpm, key));
  const TPMT_SIG_SCHEME scheme{.scheme = TPM2_ALG_NULL, .details = {}};
  const auto selection = select(TPM2_ALG_SHA256, pcrs);
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    auto values = IMMURE_TRY(read_pcrs(tpm, pcrs));
    TPM2B_ATTEST* raw_attest = nullptr;
    TPMT_SIGNATURE* raw_signature = nullptr;
    IMMURE_TRY(
        checked_tpm(::Esys_Quote(tpm.esys(), loaded.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &qualifying, &scheme, &selection, &raw_attest, &raw_signature),
                    "quote"));
    const AnswerOf<TPM2B_ATTEST> attest(raw_attest);
    const AnswerOf<TPMT_SIGNATURE> signature(raw_signature);
    if (!IMMURE_TRY(is_of(values, *attest))) continue;
    return quote::Bundle{.key = IMMURE_TRY(public_key_of(key.public_area)),
                         .certificates = {},
                         .quote = {attest->attestationData, attest->attestationData + attest->size},
                         .signature = IMMURE_TRY(signature_bytes(*signature)),
                         .pcrs = std::move(values),
                         .log = {}};
  }
  return invalid("quote: the PCRs do not stand still");
}

}  // namespace immure::attest::tpm
