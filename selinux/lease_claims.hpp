#pragma once

#include <cstdint>

#include "selinux/category_pair.hpp"
#include "selinux/journal.hpp"
#include "selinux/lease_directory.hpp"

namespace immure::selinux {

/// Where numbers that nobody can foresee come from. A test gives its own.
class RandomNumbers {
 public:
  RandomNumbers() = default;
  RandomNumbers(const RandomNumbers&) = delete;
  RandomNumbers& operator=(const RandomNumbers&) = delete;
  virtual ~RandomNumbers() = default;

  /// 0 to bound - 1, each equally likely. `bound` is not 0.
  virtual Result<std::uint32_t> below(std::uint32_t bound) = 0;
};

/// getrandom(2).
class KernelRandomNumbers : public RandomNumbers {
 public:
  Result<std::uint32_t> below(std::uint32_t bound) override;
};

// Leases for the launch that owns `journal`. Each intent is in the journal before the lease is taken.

/// A random free category pair: a bounded number of random draws, then, on a host that is nearly full, every
/// pair once from a random one on. An Error once none is left.
Result<CategoryPair> claim_categories(const LeaseDirectory& leases, Journal& journal, RandomNumbers& random);

/// A random free pair of uids out of base .. base + count - 1 (policy::HostPolicyRecord): yields the first,
/// the VMM's; the next one is the monitor's. Random, so that a uid is not used again at once.
Result<std::uint32_t> claim_uids(const LeaseDirectory& leases, Journal& journal, RandomNumbers& random,
                                 std::uint32_t base, std::uint32_t count);

/// busy where a guest of that name exists.
Result<Claim> claim_name(const LeaseDirectory& leases, Journal& journal, const std::string& name);

}  // namespace immure::selinux
