#include "launcher/steps/drop_privileges.hpp"

#include <utility>

namespace immure::launcher {

Result<void> DropPrivileges::apply(Kernel& kernel) const {
  if (uid == 0 || gid == 0) return invalid("a guest's program must not run as root");

  // A keyring is inherited by exec: the launcher's may hold its user's keys.
  IMMURE_TRY(kernel.join_new_keyring());
  // Secure bits and bounding set go first: both need CAP_SETPCAP, which set_ids() loses.
  IMMURE_TRY(kernel.lock_secure_bits());
  const auto last = std::to_underlying(IMMURE_TRY(kernel.last_capability()));
  for (unsigned cap = 0; cap <= last; ++cap) IMMURE_TRY(kernel.drop_bounding(Capability{cap}));
  IMMURE_TRY(kernel.clear_groups());
  IMMURE_TRY(kernel.set_ids(uid, gid));
  IMMURE_TRY(kernel.clear_capabilities());

  // Ask the kernel, rather than trust that every call above did what its name says.
  if (IMMURE_TRY(kernel.has_any_capability())) return invalid("capabilities survived the drop");
  return {};
}

std::string DropPrivileges::describe() const {
  const auto who = uid == 0 ? std::string("of the leased uid") : std::to_string(uid);
  return "become uid and gid " + who + ": no groups, no capabilities, secure bits locked";
}

}  // namespace immure::launcher
