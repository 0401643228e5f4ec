#include "attest/tpm/nv_index.hpp"

#include <algorithm>

#include <tss2/tss2_mu.h>

#include "attest/quote/nv_certificate.hpp"
#include "attest/tpm/make_quote.hpp"

namespace immure::attest::tpm {
namespace {

/// Whoever can talk to the TPM can extend it, as he can a PCR, and needs no password for it.
TPM2B_NV_PUBLIC wanted_public(std::uint32_t index) {
  TPM2B_NV_PUBLIC out{};
  out.nvPublic.nvIndex = index;
  out.nvPublic.nameAlg = TPM2_ALG_SHA256;
  out.nvPublic.attributes = quote::nv_attributes;
  out.nvPublic.dataSize = quote::nv_bytes;
  return out;
}

Result<std::pair<TPM2B_NV_PUBLIC, ByteVector>> read_public_area(const Connection& tpm, ESYS_TR handle) {
  TPM2B_NV_PUBLIC* raw_public = nullptr;
  TPM2B_NAME* raw_name = nullptr;
  IMMURE_TRY(checked_tpm(::Esys_NV_ReadPublic(tpm.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                              &raw_public, &raw_name),
                         "read the NV index's public area"));
  const AnswerOf<TPM2B_NV_PUBLIC> area(raw_public);
  const AnswerOf<TPM2B_NAME> name(raw_name);
  return std::pair(*area, ByteVector(name->name, name->name + name->size));
}

Result<void> require_ours(const Connection& tpm, ESYS_TR handle, std::uint32_t index) {
  const auto [area, name] = IMMURE_TRY(read_public_area(tpm, handle));
  const auto& found = area.nvPublic;
  if ((found.attributes & ~static_cast<TPMA_NV>(TPMA_NV_WRITTEN)) != quote::nv_attributes ||
      found.nameAlg != TPM2_ALG_SHA256 || found.dataSize != quote::nv_bytes || found.authPolicy.size != 0 ||
      found.nvIndex != index) {
    return invalid("the TPM's NV index is not of the kind that immure makes: it is somebody else's");
  }
  return {};
}

}  // namespace

Result<NvIndex> NvIndex::open(const Connection& tpm, std::uint32_t index) {
  ESYS_TR handle = ESYS_TR_NONE;
  IMMURE_TRY(checked_tpm(
      ::Esys_TR_FromTPMPublic(tpm.esys(), index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle),
      "look for the NV index"));
  IMMURE_TRY(require_ours(tpm, handle, index));
  return NvIndex(tpm, handle);
}

Result<NvIndex> NvIndex::open_or_make(const Connection& tpm, std::uint32_t index) {
  ESYS_TR handle = ESYS_TR_NONE;
  const auto found =
      ::Esys_TR_FromTPMPublic(tpm.esys(), index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle);
  if (found == TSS2_RC_SUCCESS) return open(tpm, index);
  // Of a resource manager or of the TPM itself; anything else is no answer.
  if ((found & TPM2_RC_FMT1) == 0 || (found & 0x3f & TPM2_RC_HANDLE) != (TPM2_RC_HANDLE & 0x3f)) {
    IMMURE_TRY(checked_tpm(found, "look for the NV index"));
  }
  const TPM2B_AUTH no_password{};
  const auto wanted = wanted_public(index);
  IMMURE_TRY(checked_tpm(::Esys_NV_DefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                               ESYS_TR_NONE, &no_password, &wanted, &handle),
                         "make the NV index"));
  return NvIndex(tpm, handle);
}

Result<void> NvIndex::extend(Bytes data) {
  TPM2B_MAX_NV_BUFFER buffer{};
  if (data.size() > sizeof(buffer.buffer)) return invalid("extend the NV index: too much");
  buffer.size = static_cast<UINT16>(data.size());
  std::ranges::copy(data, buffer.buffer);
  return checked_tpm(
      ::Esys_NV_Extend(tpm_->esys(), handle_, handle_, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &buffer),
      "extend the NV index");
}

Result<Sha256Digest> NvIndex::read() {
  TPM2B_MAX_NV_BUFFER* raw = nullptr;
  IMMURE_TRY(checked_tpm(::Esys_NV_Read(tpm_->esys(), handle_, handle_, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                        ESYS_TR_NONE, quote::nv_bytes, 0, &raw),
                         "read the NV index"));
  const AnswerOf<TPM2B_MAX_NV_BUFFER> answer(raw);
  Sha256Digest out{};
  if (answer->size != out.size()) return invalid("read the NV index: it has another size");
  std::ranges::copy(std::span(answer->buffer).first(out.size()), out.begin());
  return out;
}

Result<ByteVector> NvIndex::name() { return IMMURE_TRY(read_public_area(*tpm_, handle_)).second; }

Result<quote::NvCertificate> NvIndex::certify(const KeyBlob& key, Bytes nonce) {
  TPM2B_DATA qualifying{};
  if (nonce.size() > sizeof(qualifying.buffer)) return invalid("the nonce is too long");
  qualifying.size = static_cast<UINT16>(nonce.size());
  std::ranges::copy(nonce, qualifying.buffer);
  const auto area = IMMURE_TRY(read_public_area(*tpm_, handle_)).first;
  const auto loaded = IMMURE_TRY(load(*tpm_, key));
  const TPMT_SIG_SCHEME scheme{.scheme = TPM2_ALG_NULL, .details = {}};
  TPM2B_ATTEST* raw_attest = nullptr;
  TPMT_SIGNATURE* raw_signature = nullptr;
  IMMURE_TRY(checked_tpm(
      ::Esys_NV_Certify(tpm_->esys(), loaded.handle(), handle_, handle_, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
                        ESYS_TR_NONE, &qualifying, &scheme, quote::nv_bytes, 0, &raw_attest, &raw_signature),
      "certify the NV index"));
  const AnswerOf<TPM2B_ATTEST> attest(raw_attest);
  const AnswerOf<TPMT_SIGNATURE> signature(raw_signature);
  ByteVector public_area(sizeof(TPMS_NV_PUBLIC));
  std::size_t size = 0;
  IMMURE_TRY(checked_tpm(
      ::Tss2_MU_TPMS_NV_PUBLIC_Marshal(&area.nvPublic, public_area.data(), public_area.size(), &size),
      "write the NV index's public area"));
  public_area.resize(size);
  return quote::NvCertificate{
      .public_area = std::move(public_area),
      .certificate = {attest->attestationData, attest->attestationData + attest->size},
      .signature = IMMURE_TRY(signature_bytes(*signature))};
}

}  // namespace immure::attest::tpm
