#include "policy/guest_claim.hpp"

namespace immure::policy {

static_assert(std::has_unique_object_representations_v<GuestClaim>, "a record has no implicit padding");

GuestClaim make_claim(const GuestRecord& guest, const HostPolicyRecord& host) {
  return {.header = header_of<GuestClaim>(),
          .tenant = host.tenant.name,
          .vcpus = guest.vcpus,
          .memory_bytes = guest.memory_bytes};
}

void add(Share& share, const GuestClaim& claim) {
  ++share.guests;
  share.vcpus += claim.vcpus;
  share.memory_bytes += claim.memory_bytes;
}

}  // namespace immure::policy
