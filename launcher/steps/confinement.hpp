#pragma once

#include <sched.h>

#include "launcher/kernel.hpp"

namespace immure::launcher {

// What a new process does to itself before it executes a guest's program, in the order of make_confinement().
// Each has apply(), which asks the kernel, and describe(), a line of the plan.

struct FdMapping {
  int source = -1;
  int target = -1;
};

/// Moves every fd of the map to its number and marks everything else, whatever it is, to be closed by exec.
struct ArrangeFds {
  /// Targets are below it; the program's fd and the error pipe are above it.
  static constexpr int first_free = 64;

  std::vector<FdMapping> fds;

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

/// Other guests and programs run on other cores: a core's hardware threads share caches.
struct OwnCores {
  policy::CoreScheduling mode{};

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

/// rlimits, hard and soft: exec into another label resets the soft ones to at most init's.
struct LimitResources {
  std::uint64_t file_bytes = 0;  ///< no file that it writes can become longer
  std::uint64_t realtime_priority = 0;
  std::uint64_t open_files = 1024;
  std::uint64_t locked_bytes = 8ULL << 20;  ///< registered io_uring buffers

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

/// The SELinux label that the program gets at exec. Set explicitly: with no_new_privs and without it the
/// kernel would silently leave the program in the launcher's domain.
struct ExecContext {
  std::string label;

  /// Needs /proc, so it runs before the root is left.
  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

/// Finishes the new namespaces: a cgroup namespace rooted at the guest's own cgroup, a host name that says
/// nothing, and an empty, read-only root. Needs the namespaces of clone3 (namespace_flags).
struct NewRoot {
  /// mount, pid, net, ipc, uts: clone(2). The cgroup namespace follows once the process is in its cgroup.
  static constexpr std::uint64_t namespace_flags =
      CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

  std::string mount_point;  ///< any directory; only this process ever sees what is mounted there

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

/// The same for a program that makes an empty root by itself, and could not after Landlock: what it mounts
/// stays its own.
struct OwnMounts {
  static constexpr std::uint64_t namespace_flags =
      NewRoot::namespace_flags & ~static_cast<std::uint64_t>(CLONE_NEWNET);

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

/// Becomes a uid, and the gid of the same number, with no group and no capability, for good.
struct DropPrivileges {
  uid_t uid = 0;

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

/// What the process may still do, given up by itself: no_new_privs, Landlock, seccomp, in this order, as the
/// later ones need the first and seccomp would forbid the others.
struct Sandbox {
  int landlock_version = 0;  ///< 0: the kernel has none
  int program_fd = -1;       ///< the one file that Landlock lets it execute
  std::span<const sock_filter> filter;

  Result<void> apply(Kernel& kernel) const;
  [[nodiscard]] std::string describe() const;
};

}  // namespace immure::launcher
