#pragma once

#include "policy/admission.hpp"

namespace immure::policy {

/// /run/immure/guests/NAME/claim: what a guest has of its tenant's share, from before it starts until it is
/// gone.
struct GuestClaim {
  static constexpr std::uint32_t record_magic = 0x4c'4d'4d'49;  // "IMML"
  static constexpr std::uint32_t record_version = 1;

  RecordHeader header;
  TenantName tenant;  ///< empty: the host's owner
  std::uint32_t vcpus = 0;
  std::uint32_t reserved = 0;
  std::uint64_t memory_bytes = 0;
};

/// What this guest will have.
GuestClaim make_claim(const GuestRecord& guest, const HostPolicyRecord& host);

/// Counts one more guest.
void add(Share& share, const GuestClaim& claim);

}  // namespace immure::policy
