#include "attest/tpm/keys.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <tss2/tss2_mu.h>

namespace immure::attest::tpm {
namespace {

constexpr TPMA_OBJECT ours =
    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_RESTRICTED;
constexpr TPM2_HANDLE rsa_certificate_index = 0x01c00002;

/// PolicySecret of the endorsement hierarchy: TCG EK Credential Profile, B.6.2.
constexpr std::array<std::uint8_t, 32> endorsement_policy{
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

void set_aes(TPMT_SYM_DEF_OBJECT& symmetric) {
  symmetric.algorithm = TPM2_ALG_AES;
  symmetric.keyBits.aes = 128;
  symmetric.mode.aes = TPM2_ALG_CFB;
}

TPM2B_PUBLIC p256_template(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC out{};
  auto& area = out.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = ours | TPMA_OBJECT_USERWITHAUTH | attributes;
  auto& parameters = area.parameters.eccDetail;
  parameters.symmetric.algorithm = TPM2_ALG_NULL;
  parameters.scheme.scheme = TPM2_ALG_NULL;
  parameters.curveID = TPM2_ECC_NIST_P256;
  parameters.kdf.scheme = TPM2_ALG_NULL;
  return out;
}

TPM2B_PUBLIC endorsement_template() {
  TPM2B_PUBLIC out{};
  auto& area = out.publicArea;
  area.type = TPM2_ALG_RSA;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = ours | TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_DECRYPT;
  area.authPolicy.size = endorsement_policy.size();
  std::ranges::copy(endorsement_policy, area.authPolicy.buffer);
  auto& parameters = area.parameters.rsaDetail;
  set_aes(parameters.symmetric);
  parameters.scheme.scheme = TPM2_ALG_NULL;
  parameters.keyBits = 2048;
  area.unique.rsa.size = 256;  // Of zeros: the profile says so.
  return out;
}

Result<Loaded> make_primary(const Connection& tpm, ESYS_TR hierarchy, const TPM2B_PUBLIC& wanted,
                            const char* what) {
  const TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  ESYS_TR handle = ESYS_TR_NONE;
  IMMURE_TRY(checked_tpm(
      ::Esys_CreatePrimary(tpm.esys(), hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                           &wanted, &outside, &pcrs, &handle, nullptr, nullptr, nullptr, nullptr),
      what));
  return Loaded(tpm, handle);
}

template <typename T>
Result<T> read_area(Bytes bytes, TSS2_RC (*unmarshal)(const std::uint8_t*, std::size_t, std::size_t*, T*),
                    const char* what) {
  T out{};
  std::size_t offset = 0;
  IMMURE_TRY(checked_tpm(unmarshal(bytes.data(), bytes.size(), &offset, &out), what));
  if (offset != bytes.size()) return invalid(std::string(what) + ": something follows it");
  return out;
}

template <typename T>
Result<ByteVector> write_area(const T& area,
                              TSS2_RC (*marshal)(const T*, std::uint8_t*, std::size_t, std::size_t*),
                              const char* what) {
  ByteVector out(sizeof(T));
  std::size_t size = 0;
  IMMURE_TRY(checked_tpm(marshal(&area, out.data(), out.size(), &size), what));
  out.resize(size);
  return out;
}

}  // namespace

Result<TPM2B_PUBLIC> read_public(Bytes bytes) {
  return read_area<TPM2B_PUBLIC>(bytes, ::Tss2_MU_TPM2B_PUBLIC_Unmarshal, "read a public area");
}
Result<TPM2B_PRIVATE> read_private(Bytes bytes) {
  return read_area<TPM2B_PRIVATE>(bytes, ::Tss2_MU_TPM2B_PRIVATE_Unmarshal, "read a private area");
}
Result<ByteVector> write_public(const TPM2B_PUBLIC& area) {
  return write_area(area, ::Tss2_MU_TPM2B_PUBLIC_Marshal, "write a public area");
}
Result<ByteVector> write_private(const TPM2B_PRIVATE& area) {
  return write_area(area, ::Tss2_MU_TPM2B_PRIVATE_Marshal, "write a private area");
}

Result<Loaded> storage_root(const Connection& tpm) {
  auto wanted = p256_template(TPMA_OBJECT_DECRYPT | TPMA_OBJECT_NODA);
  set_aes(wanted.publicArea.parameters.eccDetail.symmetric);
  return make_primary(tpm, ESYS_TR_RH_OWNER, wanted, "make the storage root key");
}

Result<KeyBlob> create(const Connection& tpm, const TPM2B_SENSITIVE_CREATE& sensitive,
                       const TPM2B_PUBLIC& wanted, const char* what) {
  const auto parent = IMMURE_TRY(storage_root(tpm));
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  TPM2B_PRIVATE* raw_private = nullptr;
  TPM2B_PUBLIC* raw_public = nullptr;
  IMMURE_TRY(checked_tpm(
      ::Esys_Create(tpm.esys(), parent.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive,
                    &wanted, &outside, &pcrs, &raw_private, &raw_public, nullptr, nullptr, nullptr),
      what));
  const AnswerOf<TPM2B_PRIVATE> private_area(raw_private);
  const AnswerOf<TPM2B_PUBLIC> public_area(raw_public);
  return KeyBlob{.public_area = IMMURE_TRY(write_public(*public_area)),
                 .private_area = IMMURE_TRY(write_private(*private_area))};
}

Result<KeyBlob> make_attestation_key(const Connection& tpm) {
  auto wanted = p256_template(TPMA_OBJECT_SIGN_ENCRYPT);
  auto& scheme = wanted.publicArea.parameters.eccDetail.scheme;
  scheme.scheme = TPM2_ALG_ECDSA;
  scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  return create(tpm, {}, wanted, "make an attestation key");
}

Result<Loaded> load(const Connection& tpm, const KeyBlob& blob) {
  const auto public_area = IMMURE_TRY(read_public(blob.public_area));
  const auto private_area = IMMURE_TRY(read_private(blob.private_area));
  const auto parent = IMMURE_TRY(storage_root(tpm));
  ESYS_TR handle = ESYS_TR_NONE;
  IMMURE_TRY(checked_tpm(::Esys_Load(tpm.esys(), parent.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                     ESYS_TR_NONE, &private_area, &public_area, &handle),
                         "load what was made by this TPM"));
  return Loaded(tpm, handle);
}

Result<Loaded> endorsement_key(const Connection& tpm) {
  return make_primary(tpm, ESYS_TR_RH_ENDORSEMENT, endorsement_template(), "make the endorsement key");
}

Result<ByteVector> endorsement_certificate(const Connection& tpm) {
  constexpr auto what = "read the endorsement certificate";
  constexpr std::size_t chunk = 512;
  ESYS_TR index = ESYS_TR_NONE;
  IMMURE_TRY(checked_tpm(::Esys_TR_FromTPMPublic(tpm.esys(), rsa_certificate_index, ESYS_TR_NONE,
                                                 ESYS_TR_NONE, ESYS_TR_NONE, &index),
                         what));
  TPM2B_NV_PUBLIC* raw_public = nullptr;
  IMMURE_TRY(checked_tpm(
      ::Esys_NV_ReadPublic(tpm.esys(), index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &raw_public, nullptr),
      what));
  const AnswerOf<TPM2B_NV_PUBLIC> public_area(raw_public);
  const std::size_t size = public_area->nvPublic.dataSize;
  ByteVector out;
  while (out.size() < size) {
    const auto now = std::min(chunk, size - out.size());
    TPM2B_MAX_NV_BUFFER* raw = nullptr;
    IMMURE_TRY(
        checked_tpm(::Esys_NV_Read(tpm.esys(), index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                   static_cast<UINT16>(now), static_cast<UINT16>(out.size()), &raw),
                    what));
    const AnswerOf<TPM2B_MAX_NV_BUFFER> part(raw);
    if (part->size != now) return invalid(std::string(what) + ": the TPM gave less than it has");
    out.insert(out.end(), part->buffer, part->buffer + part->size);
  }
  return out;
}

}  // namespace immure::attest::tpm
