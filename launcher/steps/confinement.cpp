#include "launcher/steps/confinement.hpp"

#include <sys/resource.h>

namespace immure::launcher {

Result<void> ArrangeFds::apply(Kernel& kernel) const {
  // A source may carry the number of another one's target, so all of them step aside first.
  std::vector<int> aside;
  for (const auto& fd : fds) aside.push_back(IMMURE_TRY(kernel.duplicate_above(fd.source, first_free)));
  IMMURE_TRY(kernel.close_all_on_exec());
  for (std::size_t i = 0; i < fds.size(); ++i) {
    IMMURE_TRY(kernel.duplicate_to(aside[i], fds[i].target));
  }
  return {};
}

std::string ArrangeFds::describe() const {
  std::string numbers;
  for (const auto& fd : fds) numbers += " " + std::to_string(fd.target);
  return "keep the fds" + numbers + " and no others";
}

Result<void> OwnCores::apply(Kernel& kernel) const {
  if (mode == policy::CoreScheduling::off) return {};
  auto claimed = kernel.claim_cores();
  if (mode == policy::CoreScheduling::where_possible) return tolerate(EINVAL, std::move(claimed));
  return claimed;
}

std::string OwnCores::describe() const { return "share no core with others, unless the host policy lets it"; }

Result<void> LimitResources::apply(Kernel& kernel) const {
  IMMURE_TRY(kernel.set_limit(RLIMIT_CORE, 0));            // A core dump would put guest memory into a file.
  IMMURE_TRY(kernel.set_limit(RLIMIT_FSIZE, file_bytes));  // Else a disk could fill the host's file system.
  IMMURE_TRY(kernel.set_limit(RLIMIT_NOFILE, open_files));
  IMMURE_TRY(kernel.set_limit(RLIMIT_MEMLOCK, locked_bytes));
  IMMURE_TRY(kernel.set_limit(RLIMIT_MSGQUEUE, 0));
  IMMURE_TRY(kernel.set_limit(RLIMIT_RTPRIO, realtime_priority));
  return kernel.set_limit(RLIMIT_NICE, 0);
}

std::string LimitResources::describe() const {
  return "limit resources: no core dump, no growing disk, " + std::to_string(open_files) + " open files";
}

Result<void> ExecContext::apply(Kernel& kernel) const {
  IMMURE_TRY(kernel.set_exec_context(label));
  const auto set = IMMURE_TRY(kernel.exec_context());
  if (set != label) return invalid("the kernel took \"" + set + "\" for the label \"" + label + "\"");
  return {};
}

std::string ExecContext::describe() const { return "take the label " + label + " at exec"; }

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

Result<void> OwnMounts::apply(Kernel& kernel) const {
  IMMURE_TRY(kernel.enter_cgroup_namespace());
  IMMURE_TRY(kernel.set_host_name("guest"));
  IMMURE_TRY(kernel.make_mounts_private());
  // The host's would show its processes, and be wrong about us: what asks for "/proc/1" means itself.
  return kernel.mount_own_proc();
}

std::string OwnMounts::describe() const { return "keep the host's network, and its files for the start"; }

Result<void> DropPrivileges::apply(Kernel& kernel) const {
  if (uid == 0) return invalid("a guest's program must not run as root");

  // A keyring is inherited by exec: the launcher's may hold its user's keys.
  IMMURE_TRY(kernel.join_new_keyring());
  // Secure bits and bounding set go first: both need CAP_SETPCAP, which set_ids() loses.
  IMMURE_TRY(kernel.lock_secure_bits());
  IMMURE_TRY(kernel.bound_capabilities(Capabilities::none));
  IMMURE_TRY(kernel.set_ids(uid, uid));
  IMMURE_TRY(kernel.set_capabilities(Capabilities::none));

  // Ask the kernel, rather than trust that every call above did what its name says.
  if (IMMURE_TRY(kernel.has_any_capability())) return invalid("capabilities survived the drop");
  return {};
}

std::string DropPrivileges::describe() const {
  const auto who = uid == 0 ? std::string("of the leased uid") : std::to_string(uid);
  return "become uid and gid " + who + ": no groups, no capabilities, secure bits locked";
}

Result<void> Sandbox::apply(Kernel& kernel) const {
  if (filter.empty()) return invalid("there is no seccomp filter");
  IMMURE_TRY(kernel.set_undumpable());
  IMMURE_TRY(kernel.set_no_new_privs());
  if (landlock_version > 0) IMMURE_TRY(kernel.restrict_to_executing(landlock_version, program_fd));
  return kernel.install_filter(filter);
}

std::string Sandbox::describe() const {
  const auto landlock = landlock_version > 0
                            ? "Landlock ABI " + std::to_string(landlock_version) + " that allows nothing else"
                            : std::string("no Landlock, as the kernel has none");
  return "no_new_privs, " + landlock + ", the launch seccomp filter";
}

}  // namespace immure::launcher
