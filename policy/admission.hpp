#pragma once

#include <string>
#include <vector>

#include "policy/guest_record.hpp"
#include "policy/host_policy_record.hpp"

namespace immure::policy {

/// One rule of the host policy and what it says of one guest.
struct Verdict {
  std::string rule;     ///< its key: "limits.vcpus"
  std::string asked;    ///< "cpu.count is 8"
  std::string allowed;  ///< "at most 4"
  bool passed = false;
};

/// Every rule that concerns this guest, in the order of the host policy's documentation.
std::vector<Verdict> evaluate(const GuestRecord& guest, const HostPolicyRecord& host);

/// Guests that run or are being started, and what they were given.
struct Share {
  std::uint64_t guests = 0;
  std::uint64_t vcpus = 0;
  std::uint64_t memory_bytes = 0;
};

/// What may run at a time: `guests` is the number of all guests of the host, `tenants` what those of the
/// tenant have, both with the one that is asked for.
std::vector<Verdict> evaluate_share(std::uint64_t guests, const Share& tenants, const HostPolicyRecord& host);

/// The first rule that a guest breaks is the Error, with the asked and the allowed value.
Result<void> require(const std::vector<Verdict>& verdicts);

}  // namespace immure::policy
