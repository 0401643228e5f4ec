#include "launcher/steps/new_root.hpp"

namespace immure::launcher {

Result<void> NewRoot::apply(Kernel& kernel) const {
  IMMURE_TRY(kernel.enter_cgroup_namespace());
  IMMURE_TRY(kernel.set_host_name("guest"));
  // Private first: otherwise the tmpfs would appear on the host.
  IMMURE_TRY(kernel.make_mounts_private());
  IMMURE_TRY(kernel.mount_empty_root(mount_point));
  IMMURE_TRY(kernel.pivot_root(mount_point));
  return kernel.remount_root_read_only();
}

std::string NewRoot::describe() const {
  return "enter an empty, read-only root (nosuid, nodev, noexec); detach the old one";
}

}  // namespace immure::launcher
