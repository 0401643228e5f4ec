#include "attest/tpm/activate.hpp"

#include <tss2/tss2_mu.h>

namespace immure::attest::tpm {
namespace {

struct Credential {
  TPM2B_ID_OBJECT object{};
  TPM2B_ENCRYPTED_SECRET seed{};
};

Result<Credential> read_credential(Bytes bytes) {
  constexpr UINT32 magic = 0xbadcc0de, version = 1;  // tpm2-tools, files_write_header()
  constexpr auto what = "read the credential";
  std::size_t offset = 0;
  UINT32 first = 0;
  UINT32 second = 0;
  Credential out;
  IMMURE_TRY(checked_tpm(::Tss2_MU_UINT32_Unmarshal(bytes.data(), bytes.size(), &offset, &first), what));
  IMMURE_TRY(checked_tpm(::Tss2_MU_UINT32_Unmarshal(bytes.data(), bytes.size(), &offset, &second), what));
  if (first != magic || second != version) return invalid("the file is no credential");
  IMMURE_TRY(checked_tpm(
      ::Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(bytes.data(), bytes.size(), &offset, &out.object), what));
  IMMURE_TRY(checked_tpm(
      ::Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(bytes.data(), bytes.size(), &offset, &out.seed), what));
  if (offset != bytes.size()) return invalid("something follows the credential");
  return out;
}

/// The endorsement key may be used by whoever has the endorsement hierarchy's authorisation.
Result<Loaded> endorsement_session(const Connection& tpm) {
  constexpr TPMT_SYM_DEF no_symmetric{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
  ESYS_TR session = ESYS_TR_NONE;
  IMMURE_TRY(checked_tpm(::Esys_StartAuthSession(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                                 ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY,
                                                 &no_symmetric, TPM2_ALG_SHA256, &session),
                         "start a session"));
  Loaded out(tpm, session);
  IMMURE_TRY(checked_tpm(
      ::Esys_PolicySecret(tpm.esys(), ESYS_TR_RH_ENDORSEMENT, session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                          ESYS_TR_NONE, nullptr, nullptr, nullptr, 0, nullptr, nullptr),
      "use the endorsement hierarchy"));
  return out;
}

}  // namespace

Result<ByteVector> activate(const Connection& tpm, const KeyBlob& key, Bytes bytes) {
  const auto credential = IMMURE_TRY(read_credential(bytes));
  const auto attestation_key = IMMURE_TRY(load(tpm, key));
  const auto endorsement = IMMURE_TRY(endorsement_key(tpm));
  const auto session = IMMURE_TRY(endorsement_session(tpm));
  TPM2B_DIGEST* raw = nullptr;
  IMMURE_TRY(checked_tpm(
      ::Esys_ActivateCredential(tpm.esys(), attestation_key.handle(), endorsement.handle(), ESYS_TR_PASSWORD,
                                session.handle(), ESYS_TR_NONE, &credential.object, &credential.seed, &raw),
      "activate the credential: it is for another TPM, or another key"));
  const AnswerOf<TPM2B_DIGEST> secret(raw);
  return ByteVector(secret->buffer, secret->buffer + secret->size);
}

}  // namespace immure::attest::tpm
