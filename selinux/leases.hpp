#pragma once

#include "base/overridable.hpp"
#include "selinux/contexts.hpp"
#include "selinux/journal.hpp"

namespace immure::selinux {

/// taken: it is the caller's now. busy: some owner, perhaps the caller, has it already.
enum class Claim { taken, busy };

/// The leases of this host, below policy::leases_directory. A lease is a symbolic link whose name is the
/// leased value and whose target is its owner, the uuid of a launch: symlink(2) is atomic, exclusive over
/// processes, and names the owner in the same step, so no moment exists in which a lease has no owner.
///
/// Journal before you claim: a lease outlives a killed owner, and is released by whoever undoes that owner's
/// journal.
class Leases {
 public:
  /// Makes what is missing of `path` and its subdirectories; the parent of `path` must exist.
  static Result<Leases> open(const std::string& path);

  /// `value` must be a file name, `owner` not empty.
  [[nodiscard]] Result<Claim> claim(LeaseKind kind, const std::string& value, const std::string& owner) const;
  /// Empty where nobody has it.
  [[nodiscard]] Result<std::string> owner_of(LeaseKind kind, const std::string& value) const;
  /// Gives the lease back where `owner` has it; otherwise changes nothing. Doing it again is harmless.
  [[nodiscard]] Result<void> release(LeaseKind kind, const std::string& value,
                                     const std::string& owner) const;

 private:
  explicit Leases(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Result<std::string> link_of(LeaseKind kind, const std::string& value) const;

  std::string path_;
};

/// Where numbers that nobody can foresee come from: getrandom(2). A test gives its own.
class RandomNumbers : public Overridable {
 public:
  /// 0 to bound - 1, each equally likely. `bound` is not 0.
  virtual Result<std::uint32_t> below(std::uint32_t bound);
};

// Leases for the launch that owns `journal`. Each intent is in the journal before the lease is taken.

/// One given value: a guest's name.
Result<Claim> claim(const Leases& leases, Journal& journal, LeaseKind kind, const std::string& value);

/// A random free category pair: a bounded number of random draws, then, on a host that is nearly full, every
/// pair once from a random one on. An Error once none is left.
Result<CategoryPair> claim_categories(const Leases& leases, Journal& journal, RandomNumbers& random);

/// A random free pair of uids out of base .. base + count - 1 (policy::HostPolicyRecord): yields the first,
/// the VMM's; the next one is the monitor's. Random, so that a uid is not used again at once.
Result<std::uint32_t> claim_uids(const Leases& leases, Journal& journal, RandomNumbers& random,
                                 std::uint32_t base, std::uint32_t count);

}  // namespace immure::selinux
