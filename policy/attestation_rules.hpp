#pragma once

#include "policy/guest_record.hpp"

namespace immure::policy {

/// Whether launches are measured. optional: where the attestation module is installed.
enum class MeasureMode : std::uint32_t { off = 1, optional = 2, required = 3 };

constexpr std::uint32_t first_resettable_pcr = 16;  ///< from here on software can reset them

/// NV indices that the owner may use as he likes: TCG Registry of Reserved TPM 2.0 Handles, 2.2.2.
constexpr std::uint32_t first_nv_index = 0x0180'0000;
constexpr std::uint32_t last_nv_index = 0x01bf'ffff;

/// [attestation] of the host policy.
struct AttestationRules {
  MeasureMode measure = MeasureMode::off;
  Switch signature_required = Switch::off;  ///< on: a guest without a good manifest is not started
  HostPath signers;                         ///< PEM: whose signatures count; empty: nobody's
  HostPath revoked;                         ///< their keys and manifests that no longer count; empty: none
  HostPath tpm;                             ///< the device that launches are recorded in; empty: none
  std::uint32_t pcr = 13;                   ///< in which of its PCRs
  /// In which NV index, so that the PCR has its start alone; 0: in the PCR.
  std::uint32_t nv_index = 0;

  friend bool operator==(const AttestationRules&, const AttestationRules&) = default;
};

Result<void> check(const AttestationRules& rules);

}  // namespace immure::policy
