#include "attest/tpm/pcrs.hpp"

#include <algorithm>
#include <span>

namespace immure::attest::tpm {
namespace {

constexpr std::size_t selection_bytes = 3;  // 24 PCRs: TCG PC Client Platform TPM Profile, 4.6.

bool any_selected(const TPMS_PCR_SELECTION& selection) {
  return std::ranges::any_of(std::span(selection.pcrSelect).first(selection.sizeofSelect),
                             [](auto byte) { return byte != 0; });
}

void add_digest(TPML_DIGEST_VALUES& values, TPM2_ALG_ID hash, Bytes digest) {
  auto& value = values.digests[values.count++];
  value.hashAlg = hash;
  // All members of the union begin at the same place.
  std::ranges::copy(digest, value.digest.sha512);
}

}  // namespace

Result<Banks> banks_in_use(const Connection& tpm) {
  TPMI_YES_NO more = TPM2_NO;
  TPMS_CAPABILITY_DATA* raw = nullptr;
  IMMURE_TRY(checked_tpm(::Esys_GetCapability(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                              TPM2_CAP_PCRS, 0, 1, &more, &raw),
                         "ask for the banks of PCRs"));
  const AnswerOf<TPMS_CAPABILITY_DATA> answer(raw);
  Banks out;
  const auto& banks = answer->data.assignedPCR;
  for (const auto& bank : std::span(banks.pcrSelections).first(banks.count)) {
    if (bank.hash == TPM2_ALG_SHA256) out.sha256 = any_selected(bank);
    if (bank.hash == TPM2_ALG_SHA384) out.sha384 = any_selected(bank);
  }
  if (!out.sha256) return invalid("the TPM's SHA-256 bank of PCRs is off: nothing can be recorded");
  return out;
}

Result<void> extend(const Connection& tpm, const Banks& banks, const log::Record& record) {
  TPML_DIGEST_VALUES values{};
  if (banks.sha256) add_digest(values, TPM2_ALG_SHA256, record.digests.sha256);
  if (banks.sha384) add_digest(values, TPM2_ALG_SHA384, record.digests.sha384);
  return checked_tpm(::Esys_PCR_Extend(tpm.esys(), ESYS_TR_PCR0 + record.pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &values),
                     "extend PCR " + std::to_string(record.pcr));
}

TPML_PCR_SELECTION select(TPM2_ALG_ID hash, const std::set<std::uint32_t>& pcrs) {
  TPML_PCR_SELECTION out{};
  out.count = 1;
  out.pcrSelections[0].hash = hash;
  out.pcrSelections[0].sizeofSelect = selection_bytes;
  for (const auto pcr : pcrs) {
    auto& byte = out.pcrSelections[0].pcrSelect[pcr / 8];
    byte = static_cast<BYTE>(byte | 1U << (pcr % 8));
  }
  return out;
}

Result<quote::PcrValues> read_pcrs(const Connection& tpm, const std::set<std::uint32_t>& pcrs) {
  quote::PcrValues out;
  // One at a time: a TPM answers for as many of a selection as it likes.
  for (const auto pcr : pcrs) {
    const auto selection = select(TPM2_ALG_SHA256, {pcr});
    UINT32 counter = 0;
    TPML_PCR_SELECTION* raw_selected = nullptr;
    TPML_DIGEST* raw_values = nullptr;
    IMMURE_TRY(checked_tpm(::Esys_PCR_Read(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &selection,
                                           &counter, &raw_selected, &raw_values),
                           "read PCR " + std::to_string(pcr)));
    const AnswerOf<TPML_PCR_SELECTION> selected(raw_selected);
    const AnswerOf<TPML_DIGEST> values(raw_values);
    auto& value = out[pcr];
    if (values->count != 1 || values->digests[0].size != value.size()) {
      return invalid("read PCR " + std::to_string(pcr) + ": the TPM has no SHA-256 value of it");
    }
    std::ranges::copy(std::span(values->digests[0].buffer).first(value.size()), value.begin());
  }
  return out;
}

}  // namespace immure::attest::tpm
