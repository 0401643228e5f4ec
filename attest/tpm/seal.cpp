#include "attest/tpm/seal.hpp"

#include <algorithm>

#include "attest/crypto/digest.hpp"
#include "attest/tpm/pcrs.hpp"

namespace immure::attest::tpm {
namespace {

constexpr TPMT_SYM_DEF no_symmetric{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};

Result<Loaded> start_session(const Connection& tpm, TPM2_SE kind) {
  ESYS_TR session = ESYS_TR_NONE;
  IMMURE_TRY(checked_tpm(
      ::Esys_StartAuthSession(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                              ESYS_TR_NONE, nullptr, kind, &no_symmetric, TPM2_ALG_SHA256, &session),
      "start a session"));
  return Loaded(tpm, session);
}

/// TPM2_PolicyPCR() of values that need not be there yet.
Result<TPM2B_DIGEST> policy_of(const Connection& tpm, const quote::PcrValues& values) {
  std::set<std::uint32_t> pcrs;
  ByteVector all;
  for (const auto& [pcr, value] : values) {
    pcrs.insert(pcr);
    all.insert(all.end(), value.begin(), value.end());
  }
  const auto hash = IMMURE_TRY(sha256(all));
  TPM2B_DIGEST digest{.size = static_cast<UINT16>(hash.size()), .buffer = {}};
  std::ranges::copy(hash, digest.buffer);
  const auto selection = select(TPM2_ALG_SHA256, pcrs);
  const auto session = IMMURE_TRY(start_session(tpm, TPM2_SE_TRIAL));
  IMMURE_TRY(checked_tpm(::Esys_PolicyPCR(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE,
                                          ESYS_TR_NONE, &digest, &selection),
                         "make the policy"));
  TPM2B_DIGEST* raw = nullptr;
  IMMURE_TRY(checked_tpm(
      ::Esys_PolicyGetDigest(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &raw),
      "make the policy"));
  const AnswerOf<TPM2B_DIGEST> answer(raw);
  return *answer;
}

}  // namespace

Result<KeyBlob> seal(const Connection& tpm, Bytes secret, const quote::PcrValues& values) {
  TPM2B_SENSITIVE_CREATE sensitive{};
  auto& data = sensitive.sensitive.data;
  if (secret.empty() || secret.size() > largest_secret) return invalid("a secret has 1 to 128 bytes");
  data.size = static_cast<UINT16>(secret.size());
  std::ranges::copy(secret, data.buffer);
  TPM2B_PUBLIC wanted{};
  auto& area = wanted.publicArea;
  area.type = TPM2_ALG_KEYEDHASH;
  area.nameAlg = TPM2_ALG_SHA256;
  // Without USERWITHAUTH: the policy is the only way.
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA;
  area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  area.authPolicy = IMMURE_TRY(policy_of(tpm, values));
  return create(tpm, sensitive, wanted, "seal the secret");
}

Result<ByteVector> unseal(const Connection& tpm, const KeyBlob& blob, const std::set<std::uint32_t>& pcrs) {
  const auto loaded = IMMURE_TRY(load(tpm, blob));
  const auto session = IMMURE_TRY(start_session(tpm, TPM2_SE_POLICY));
  const auto selection = select(TPM2_ALG_SHA256, pcrs);
  const TPM2B_DIGEST as_they_are{};
  IMMURE_TRY(checked_tpm(::Esys_PolicyPCR(tpm.esys(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE,
                                          ESYS_TR_NONE, &as_they_are, &selection),
                         "ask for the PCRs"));
  TPM2B_SENSITIVE_DATA* raw = nullptr;
  IMMURE_TRY(checked_tpm(
      ::Esys_Unseal(tpm.esys(), loaded.handle(), session.handle(), ESYS_TR_NONE, ESYS_TR_NONE, &raw),
      "unseal: a PCR has another value than the secret was sealed to"));
  const AnswerOf<TPM2B_SENSITIVE_DATA> secret(raw);
  return ByteVector(secret->buffer, secret->buffer + secret->size);
}

}  // namespace immure::attest::tpm
