#pragma once

#include "policy/guest_record.hpp"

namespace immure::policy {

/// Whether launches are measured. optional: where the attestation module is installed.
enum class MeasureMode : std::uint32_t { off = 1, optional = 2, required = 3 };

constexpr std::uint32_t first_resettable_pcr = 16;  ///< from here on software can reset them

/// [attestation] of the host policy.
struct AttestationRules {
  MeasureMode measure = MeasureMode::off;
  Switch signature_required = Switch::off;  ///< on: a guest without a good manifest is not started
  HostPath signers;                         ///< PEM: whose signatures count; empty: nobody's
  HostPath revoked;                         ///< their keys and manifests that no longer count; empty: none
  HostPath tpm;                             ///< the device that launches are recorded in; empty: none
  std::uint32_t pcr = 13;                   ///< in which of its PCRs
  std::uint32_t reserved = 0;

  friend bool operator==(const AttestationRules&, const AttestationRules&) = default;
};

Result<void> check(const AttestationRules& rules);

}  // namespace immure::policy
