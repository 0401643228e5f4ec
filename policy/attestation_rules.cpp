#include "policy/attestation_rules.hpp"

namespace immure::policy {

Result<void> check(const AttestationRules& rules) {
  if (rules.measure < MeasureMode::off || rules.measure > MeasureMode::required) {
    return invalid("attestation.measure must be \"off\", \"optional\" or \"required\"");
  }
  for (const auto* path : {&rules.signers, &rules.revoked, &rules.tpm}) {
    if (!path->empty() && (!path->is_well_formed() || !is_normal_path(path->view()))) {
      return invalid(
          "attestation.signers, attestation.revoked and attestation.tpm must be absolute paths in normal "
          "form");
    }
  }
  if (!is_switch(rules.signature_required)) {
    return invalid("attestation.require_signature must be true or false");
  }
  if (rules.pcr >= first_resettable_pcr) return invalid("attestation.pcr must be 0 to 15");
  if (rules.nv_index != 0 && (rules.nv_index < first_nv_index || rules.nv_index > last_nv_index)) {
    return invalid("attestation.nv_index must be 0x01800000 to 0x01bfffff");
  }
  if (rules.nv_index != 0 && rules.tpm.empty()) return invalid("attestation.nv_index needs attestation.tpm");
  if (!rules.tpm.empty() && rules.measure == MeasureMode::off) {
    return invalid("attestation.tpm needs attestation.measure: what is not measured cannot be recorded");
  }
  if (!rules.signers.empty()) return {};
  if (rules.signature_required == Switch::on) {
    return invalid("attestation.require_signature needs attestation.signers: whose signature?");
  }
  if (!rules.revoked.empty()) return invalid("attestation.revoked needs attestation.signers");
  return {};
}

}  // namespace immure::policy
