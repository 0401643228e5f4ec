#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace immure::selinux {

/// What can be leased, and below which directory: mcs/c12,c407  uid/200000  name/web1
enum class LeaseKind : std::uint32_t { categories = 1, uid = 2, name = 3 };

/// taken: it is the caller's now. busy: some owner, perhaps the caller, has it already.
enum class Claim { taken, busy };

/// The leases of this host, below policy::leases_directory. A lease is a symbolic link whose name is the
/// leased value and whose target is its owner, the uuid of a launch: symlink(2) is atomic, exclusive over
/// processes, and names the owner in the same step, so no moment exists in which a lease has no owner.
///
/// Journal before you claim: a lease outlives a killed owner, and is released by whoever undoes that owner's
/// journal.
class LeaseDirectory {
 public:
  /// Makes what is missing of `path` and its subdirectories; the parent of `path` must exist.
  static Result<LeaseDirectory> open(const std::string& path);

  /// `value` must be a file name, `owner` not empty.
  [[nodiscard]] Result<Claim> claim(LeaseKind kind, const std::string& value, const std::string& owner) const;
  /// Nothing where nobody has it.
  [[nodiscard]] Result<std::optional<std::string>> owner_of(LeaseKind kind, const std::string& value) const;
  /// Gives the lease back where `owner` has it; otherwise changes nothing. Doing it again is harmless.
  [[nodiscard]] Result<void> release(LeaseKind kind, const std::string& value,
                                     const std::string& owner) const;

 private:
  static constexpr std::size_t kinds = 3;
  explicit LeaseDirectory(std::array<UniqueFd, kinds> directories) : directories_(std::move(directories)) {}
  [[nodiscard]] int directory(LeaseKind kind) const;

  std::array<UniqueFd, kinds> directories_;
};

}  // namespace immure::selinux
