#pragma once

#include <optional>

#include "policy/guest_claim.hpp"
#include "policy/guest_state.hpp"

namespace immure::cli {

struct Shares {
  std::uint64_t guests = 0;  ///< of the host
  policy::Share tenants;
};

/// What runs on this host, and of it what is this tenant's. Nothing where that may not be read.
std::optional<Shares> read_shares(const policy::TenantName& tenant,
                                  const std::string& directory = policy::guests_directory);

}  // namespace immure::cli
